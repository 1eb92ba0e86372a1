"""The Dramatiq side of Lipsmith: the engine, composition, training, and the actors that run them.

Shape letters used in every docstring: B batch, T frames, H W C image, N landmarks, K keypoints,
V visemes, A articulators, S canonical crop side. Pictures are RGB uint8 (H, W, 3) unless a name says otherwise.
"""

import os

# NumPy's matrices are small here, and BLAS threads spin while they wait for each other: they took a third of a dub's
# processor time. Pictures are shared out by frames and stages instead. Read once, when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# OpenCV's threads, read likewise: a frame is many small calls, which a second thread hardly shortens and makes a tenth
# dearer, while encoder and decoder have work for the other cores.
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", str(max(1, (os.cpu_count() or 1) // 2)))
