"""Does the ledger see what it is kept for? Run by ctest; `python3 ledger_test.py` by hand."""
import unittest

from ledger import UNDONE_BY_KILL, Ledger, State


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.now, self.faults = 100.0, []
        self.ledger = Ledger(lambda: self.now, lambda kind, text: self.faults.append(kind))

    def push(self, endpoint="a", ordered=False):
        return self.ledger.create(endpoint, 1, b"body", ordered=ordered)

    def deliver(self, message, poll=None, **changes):
        seen = {"endpoint": message.endpoint, "body": message.name + b"|body", "id": None, "content_type": "text/plain"}
        seen |= changes
        return self.ledger.delivered(poll or self.ledger.poll_begins(), self.now, **seen)

    def test_a_message_that_nobody_settles_is_owed(self):
        first, second, third = self.push(), self.push(), self.push()
        self.ledger.settled(second, plainly=True)
        self.ledger.unsure(third)
        self.assertEqual(self.ledger.with_state(State.OWED), [first])
        self.assertEqual(self.ledger.owed["a"], 1)

    def test_a_message_that_comes_again_before_it_is_settled_is_not_doubled(self):
        message = self.push()
        self.deliver(message)
        self.deliver(message)
        self.ledger.unsure(message)
        self.deliver(message)
        self.assertEqual(self.faults, [])

    def test_a_message_that_comes_to_a_poll_begun_after_its_settlement_is_doubled(self):
        message = self.push()
        early = self.ledger.poll_begins()
        self.deliver(message)
        self.ledger.settled(message, plainly=False)
        self.deliver(message, poll=early)
        self.assertEqual(self.faults, [])
        self.deliver(message)
        self.assertEqual(self.faults, ["doubled"])

    def test_a_message_that_two_receipts_settle_is_doubled(self):
        message = self.push()
        self.ledger.settled(message, plainly=False)
        self.ledger.settled(message, plainly=False)
        self.assertEqual(self.faults, ["doubled"])

    def test_a_kill_excuses_the_plain_settlements_just_before_it_and_no_others(self):
        long_ago, plain, receipt = self.push(), self.push(), self.push()
        for message in (long_ago, plain, receipt):
            self.deliver(message)
        self.ledger.settled(long_ago, plainly=True)
        self.now += UNDONE_BY_KILL + 0.1
        self.ledger.settled(plain, plainly=True)
        self.ledger.settled(receipt, plainly=False)
        self.ledger.ended()
        self.deliver(plain)
        self.assertEqual((self.faults, self.ledger.counts["undone by a kill"]), ([], 1))
        self.deliver(receipt)
        self.deliver(long_ago)
        self.assertEqual(self.faults, ["doubled", "doubled"])

    def test_a_kill_before_a_message_was_asked_for_excuses_nothing(self):
        message = self.push()
        self.ledger.ended()
        self.now += 0.1
        self.deliver(message)
        self.ledger.settled(message, plainly=True)
        self.deliver(message)
        self.assertEqual(self.faults, ["doubled"])

    def test_another_body_type_id_or_endpoint_is_a_fault(self):
        message = self.push()
        self.ledger.pushed(message, "1")
        self.deliver(message, id="1")
        self.assertEqual(self.faults, [])
        self.deliver(message, body=message.name + b"|bod")
        self.deliver(message, content_type="image/png")
        self.deliver(message, id="2")
        self.deliver(message, endpoint="b")
        self.deliver(message, body=b"what is this")
        self.assertEqual(self.faults, ["mangled", "mangled", "renamed", "strange", "strange"])

    def test_the_oldest_message_that_is_owed_comes_first(self):
        first, second, third, fourth = (self.push(ordered=True) for _ in range(4))
        self.ledger.in_order("a", [first, second])
        self.ledger.settled(first, plainly=False)
        self.ledger.in_order("a", [second])
        self.ledger.unsure(second)
        self.ledger.in_order("a", [second, third])
        self.assertEqual(self.faults, [])
        self.ledger.in_order("a", [fourth])
        self.assertEqual(self.faults, ["overtaken"])

    def test_those_that_were_forgiven_may_come_at_any_time_and_the_rest_may_not(self):
        first, second = self.push(ordered=True), self.push(ordered=True)
        self.ledger.forgive_order("a")
        third, fourth = self.push(ordered=True), self.push(ordered=True)
        self.ledger.in_order("a", [second, third, first])
        self.assertEqual(self.faults, [])
        self.ledger.in_order("a", [first, fourth])
        self.assertEqual(self.faults, ["overtaken"])


if __name__ == "__main__":
    unittest.main()
