# Half as many clusters.
_base_ = '../vie-single_r18_1xb128-1-734e_kinetics400.py'

custom_hooks = [dict(_base_.cluster, num_clusters=4000)]

param_scheduler = dict(milestones=[547, 651])
