# HACS, as video files; without a list all videos below `data_root` are used.
data_root = '{{$VSSLBOX_HACS:data/hacs}}'

hacs_train = dict(data_root=data_root)
