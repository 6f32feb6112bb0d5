"""The defaults of an embedding, chosen by evidence on real tasks in families.

``python -m research.development.build`` makes the tasks, ``.passes`` the estimates, ``.transfer``
the matrix of what experts gain, and ``.evidence`` the tables of the decision records;
``.other_labels`` asks the same images other questions.
"""
