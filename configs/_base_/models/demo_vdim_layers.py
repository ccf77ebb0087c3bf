# The layers of VDIM's encoder without the fourth, for clips of 32 frames of 64x64 pixels. Each has
# width, kernel and stride in space, kernel and stride in time.
layers = [
    (1, 5, 2, 5, 2),
    (1, 3, 1, 3, 1),
    (2, 4, 2, 1, 1),
    (8, 2, 2, 2, 2),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
    (8, 3, 1, 3, 1),
]
