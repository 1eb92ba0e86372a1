"""The Dramatiq side of Lipsmith: the engine, composition, training, and the actors that run them.

Shape letters used in every docstring: B batch, T frames, H W C image, N landmarks, K keypoints,
V visemes, A articulators, S canonical crop side. Pictures are RGB uint8 (H, W, 3) unless a name says otherwise.
"""
