# VCLR's linear SVM on Kinetics-400: trained on the features of the training videos, tested on those
# of the validation videos. Frames, crop and mean feature are those of retrieval_r50_ucf101.py,
# without normalisation; LIBLINEAR's -s 2 -c 1.
_base_ = 'retrieval_r50_ucf101.py'

data_root = '{{$VSSLBOX_KINETICS400:data/kinetics400}}'

test_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kinetics400_val_list_videos.txt',
        data_prefix=dict(video='videos_val'),
    )
)
gallery = dict(
    data_root=data_root,
    ann_file='kinetics400_train_list_videos.txt',
    data_prefix=dict(video='videos_train'),
)
test_cfg = dict(protocol='vclr-svm-kinetics400', gallery_dataloader=dict(dataset=gallery))
test_evaluator = [dict(type='LinearSVMMetric', cost=1.0, normalize=False)]
paper = dict(
    _delete_=True,
    source='VCLR pretrained on Kinetics-400',
    queries=19906,
    gallery=246534,
    metrics={'svm/label/top1': 64.1},
)
