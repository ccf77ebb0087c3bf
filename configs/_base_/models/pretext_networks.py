# The 3D networks of pace prediction and clip order prediction: one block a stage where R3D-18 and
# R(2+1)D-18 have two, following the authors' code. Their R(2+1)D computes the channels between the
# two convolutions for each convolution instead of each block, so that their weights do not fit.
networks = dict(
    c3d=dict(type='C3DTrunk', norm_cfg=dict(type='BN3d')),
    r3d10=dict(type='VideoResNet3d', blocks=(1, 1, 1, 1)),
    r21d10=dict(type='VideoResNet2Plus1d', blocks=(1, 1, 1, 1)),
    s3dg=dict(type='S3D', gating=True),
    # The 3D ResNet-18 of Hara et al., as 3D-RotNet's: a stem of 7x7x7 and a max-pool, stages 2 to 4
    # with stride 2 in time, too. The pool spans one frame instead of three, and the shortcuts are
    # convolutions, the authors' are padded with zeros.
    hara18=dict(
        type='R3DResNet',
        depth=18,
        conv1_kernel=(7, 7, 7),
        conv1_stride_t=1,
        pool1_stride_t=2,
        inflate=(1, 1, 1, 1),
        temporal_strides=(1, 2, 2, 2),
    ),
)
