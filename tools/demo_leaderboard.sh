#!/usr/bin/env bash
# Pretrains the methods at the size of a demonstration, each with three seeds and on as many samples, and
# measures all of them side by side, on generated videos of moving people or of sprites; those of seed 0 by
# further protocols too:
#
#     bash tools/demo_leaderboard.sh motion OUT [CONFIG ...]
#     bash tools/demo_leaderboard.sh sprites OUT [CONFIG ...]
#
# A training takes 2 to 44 minutes of a core; the same command goes on where it was stopped.
# CONFIG is a name in configs/demo; without any, those below are taken. OUT/VIDEOS-leaderboard and
# OUT/VIDEOS-further have the tables, and results.json, which `tools/leaderboard.py --join` adds to that of
# another machine.
set -euo pipefail

usage='usage: demo_leaderboard.sh motion|sprites OUT [CONFIG ...]'
videos=${1:?$usage}
out=$(realpath -m "${2:?$usage}")
shift 2
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
use_environment
cd "$VSSLBOX_ROOT"

data=$out/$videos
configs=(
    vclr_r18w16_1xb32-3seg-64px
    cvrl_r3d18w16_1xb32-8x3-64px
    vie-3dresnet_r18w16_1xb32-8x3-64px
    vdim_r21dw8_1xb32-32f-64px
    rho-simclr_r3d18w16_1xb32-2x8x3-64px
    rho-moco_r3d18w16_1xb32-2x8x3-64px
    rho-byol_r3d18w16_1xb32-2x8x3-64px
    rho-swav_r3d18w16_1xb32-2x8x3-64px
    seco_r18w16_1xb32-64px
    moco_r18w16_1xb32-64px
    vince_r18w16_1xb32-3f-64px
    infonce_s3dw16_1xb32-16x2-64px
    dpc_r18-2d3dw16_1xb32-6x4x2-64px
    pace_r3d18w16_1xb32-8f-64px
    videomae_vit-96_1xb16-8x3-64px
    vjepa2_vit-96_1xb16-16x2-64px
)
case $videos in # on each, a method sees 14 400 videos
motion)
    python tools/data/make_motion_videos.py "$data" --videos 2400 --seed 0
    list=splits/unseen_cameras.csv
    epochs=8 # of 1800
    training=(
        train_dataloader.dataset.ann_file="$list" train_dataloader.dataset.where.split=train
        --data-root "$data"
    )
    measuring=(--data-root "$data" --list "$data/$list" --labels action)
    further=(
        retrieval temporal alignment probes
        --settings probes.columns=[action,camera_height,speed,shirt,background] alignment.moments=6
    )
    columns=('retrieval/*/R@1' 'temporal/*/reversed/flips' 'alignment/*/order' 'probes/*')
    configs=(
        rho-simclr_diff-r3d18w16_1xb32-2x32x1-64px
        rho-moco_diff-r3d18w16_1xb32-2x32x1-64px
        cvrl_diff-r3d18w16_1xb32-8x3-64px
        "${configs[@]}"
    )
    ;;
sprites)
    python tools/data/make_demo_videos.py "$data" --videos 480 --seed 0
    epochs=40 # of 360
    training=(--data-root "$data/train")
    measuring=(--data-root "$data" --labels appearance motion)
    further=(retrieval temporal robustness --settings robustness.severities=[1,3,5])
    columns=('retrieval/*/R@1' 'temporal/motion/reversed/flips' 'robustness/*/relative_drop')
    ;;
*)
    echo "vsslbox: the videos are motion or sprites, not $videos" >&2
    exit 2
    ;;
esac
[[ $# -eq 0 ]] || configs=("$@")

runs=$out/$videos-runs
trainings=("${configs[@]/#/configs/demo/}")
python tools/sweep.py "${trainings[@]/%/.py}" "${training[@]}" --epochs "$epochs" \
    --seeds 0,1,2 --work-dir "$runs"
all=() first=() # of all seeds, and of the first
for name in "${configs[@]}"; do
    all+=("${name%%_1xb*}=$runs/$name/**/epoch_$epochs.pth")
    first+=("${name%%_1xb*}=$runs/$name/**/seed0/epoch_$epochs.pth")
done
python tools/leaderboard.py "${all[@]}" "${measuring[@]}" --protocols knn linear svm low_shot \
    --columns 'knn/*/top1' 'linear/*/top1' 'svm/*/top1' 'low_shot/*/10_per_class' \
    --work-dir "$out/$videos-leaderboard"
python tools/leaderboard.py "${first[@]}" "${measuring[@]}" --protocols "${further[@]}" \
    --columns "${columns[@]}" --random-seeds 1 --work-dir "$out/$videos-further"
