# Adam for 300 epochs, for CoCLR and DPC. A config sets the milestones.
train_cfg = dict(type='ResumableTrainLoop', max_epochs=300)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-5))
param_scheduler = dict(type='MultiStepLR', gamma=0.1)
