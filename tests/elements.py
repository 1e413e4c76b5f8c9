"""Elements of a page that was parsed: their words, and one of them by its id."""


def words(element):
    return " ".join("".join(element.itertext()).split())


def by_id(tree, name):
    (found,) = (each for each in tree.iter() if each.get("id") == name)
    return found
