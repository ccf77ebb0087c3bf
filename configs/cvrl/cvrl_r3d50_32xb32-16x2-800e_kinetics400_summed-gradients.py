# Gradients summed over the replicas, as in the authors' code, instead of averaged: steps as many
# times as long. Their number of replicas is not known; here it is that of the GPUs.
_base_ = './cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'

replicas = 32

optim_wrapper = dict(optimizer=dict(lr=0.32 * replicas))
