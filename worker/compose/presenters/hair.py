def behind(*a):
    pass


def shadow_on_face(*a):
    return None


def front(*a):
    pass


def beard(*a):
    pass
