# The networks of VIE that see 224x224 pixels, and for each what a read-out of its stages changes:
# `in_features` are the channels x height x width of the maps.
#
# `VSSLBOX_VIE_SINGLE` names the checkpoint of VIE-Single for the two-stream networks,
# `VSSLBOX_VIE_DYNAMIC` that of VIE-Slow or VIE-SlowFast.
networks = dict(
    single=dict(
        type='PreActResNet3d',
        conv1_kernel_t=1,
        pool1_t=(1, 1),
        kernels_t=[(1, 1)] * 4,
        strides_t=(1, 1, 1, 1),
    ),
    slowfast=dict(type='PreActSlowFast'),
)
networks['slow'] = dict(networks['single'], kernels_t=[(1, 1), (1, 1), (3, 1), (3, 1)])
networks['trn'] = dict(type='FrameConcat', backbone=networks['single'])


def start(checkpoint):
    return dict(type='vsslbox.PretrainedBackbone', checkpoint=checkpoint)


def in_features(conv3, conv4, conv5):
    return dict(conv3=conv3 * 28 * 28, conv4=conv4 * 14 * 14, conv5=conv5 * 7 * 7)


static = dict(networks['single'], init_cfg=start('{{$VSSLBOX_VIE_SINGLE:weights/vie_single.pth}}'))
two_stream = dict(_delete_=True, type='TwoStream', static=static)
slow_weights = '{{$VSSLBOX_VIE_DYNAMIC:weights/vie_slow.pth}}'
slowfast_weights = '{{$VSSLBOX_VIE_DYNAMIC:weights/vie_slowfast.pth}}'
readouts = dict(
    single=dict(backbone=networks['single'], in_features=in_features(128, 256, 512)),
    slow=dict(backbone=networks['slow'], in_features=in_features(128, 256, 512)),
    # The slow pathway, with what joins it.
    slowfast=dict(backbone=networks['slowfast'], in_features=in_features(160, 320, 640)),
    # The network that sees the frames one by one.
    trn=dict(backbone=networks['trn'], in_features=in_features(128, 256, 512)),
    # Both networks see the same frames. The limit of 200 000 values is that of each network's map.
    two_stream_s=dict(
        backbone=dict(two_stream, dynamic=dict(networks['slow'], init_cfg=start(slow_weights))),
        in_features=in_features(128 + 128, 256 + 256, 512 + 512),
        max_features=400_000,
    ),
    two_stream_sf=dict(
        backbone=dict(
            two_stream, dynamic=dict(networks['slowfast'], init_cfg=start(slowfast_weights))
        ),
        in_features=in_features(128 + 160, 256 + 320, 512 + 640),
        max_features=400_000,
    ),
)
