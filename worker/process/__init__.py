"""The engine in a process of its own: warm, limited, watched, replaceable. Knows nothing of the site.

`host` starts and watches it for a worker, `child` is what runs in it, `messages` is what the two say to each other,
`orders` what is asked of it, `operations` how each order is carried out, `pool` lends several of them.
"""
