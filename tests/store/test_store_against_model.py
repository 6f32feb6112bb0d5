"""The store does what a dictionary does, whatever the order of operations."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from task2vec.errors import InputError, NameTakenError, UnknownNameError
from task2vec.messages.outcomes import OutcomeFilter, StoredOutcome
from task2vec.store import Store

names = st.sampled_from(["a", "b", "Ä", "a'; DROP TABLE tasks; --"])
seeds = st.integers(0, 5)


def test_the_store_behaves_like_a_dictionary(task, model):
    space = task("x")[0].provenance.space

    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.directory = tempfile.TemporaryDirectory()
            self.store = Store.open(Path(self.directory.name))
            self.tasks = {}  # name: (record as stored, embedding)
            self.experts = {}  # name: (id of its task, number of outcomes)

        @rule(name=names, seed=seeds, replace=st.booleans())
        def add(self, name, seed, replace):
            record, embedding = task(name, seed=seed)
            if name in self.tasks and not replace:
                with pytest.raises(NameTakenError):
                    self.store.tasks.add(record, embedding)
                return
            added = self.store.tasks.add(record, embedding, replace=replace)
            if name in self.tasks:
                assert added.id == self.tasks[name][0].id
            self.tasks[name] = added, embedding

        @rule(name=names, expert=st.sampled_from("pq"))
        def add_expert(self, name, expert):
            if expert in self.experts:
                error = NameTakenError if name in self.tasks else UnknownNameError
            else:
                error = None if name in self.tasks else UnknownNameError
            if error is not None:
                with pytest.raises(error):
                    self.store.models.add(model(expert, task=name))
                return
            self.store.models.add(model(expert, task=name))
            self.experts[expert] = self.tasks[name][0].id, 0

        @precondition(lambda self: self.experts and self.tasks)
        @rule(data=st.data())
        def add_outcome(self, data):
            expert = data.draw(st.sampled_from(sorted(self.experts)))
            on, count = self.experts[expert]
            self.store.outcomes.add(
                StoredOutcome(model=expert, task=on, accuracy=0.5, protocol="p")
            )
            self.experts[expert] = on, count + 1

        @rule(name=names, cascade=st.booleans())
        def remove(self, name, cascade):
            if name not in self.tasks:
                with pytest.raises(UnknownNameError):
                    self.store.tasks.remove(name, cascade=cascade)
                return
            id_ = self.tasks[name][0].id
            hanging = [expert for expert, (on, _) in self.experts.items() if on == id_]
            if hanging and not cascade:
                with pytest.raises(InputError):
                    self.store.tasks.remove(name)
                return
            self.store.tasks.remove(name, cascade=cascade)
            del self.tasks[name]
            for expert in hanging:
                del self.experts[expert]

        @rule()
        def reopen(self):
            self.store.close()
            self.store = Store.open(Path(self.directory.name), create=False)

        @invariant()
        def holds_what_the_dictionary_holds(self):
            expected = [self.tasks[name] for name in sorted(self.tasks)]
            assert self.store.tasks.list() == [record for record, _ in expected]
            for record, embedding in expected:
                stored = self.store.tasks.embedding(record.name)
                assert stored.values.tobytes() == embedding.values.tobytes()
                assert stored.errors.tobytes() == embedding.errors.tobytes()
                assert stored.replicates.tobytes() == embedding.replicates.tobytes()
            records, values = self.store.tasks.matrix(space)
            assert records == [record for record, _ in expected]
            if expected:
                np.testing.assert_array_equal(values, [e.values for _, e in expected])
            for expert, (on, count) in self.experts.items():
                assert self.store.models.get(expert).task == on
                assert len(self.store.outcomes.list(OutcomeFilter(model=expert))) == count
            assert len(self.store.models.list()) == len(self.experts)

        def teardown(self):
            self.store.close()
            self.directory.cleanup()

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=12, stateful_step_count=16, deadline=None)
    )
