"""Which of the files that arrive one by one make a record."""

from lamae.io import gather

HEADER = b"r 2 500 5000\nr_a.dat 16 1000/mV 16 0 0 0 0 I\nr_b.dat 16 1000/mV 16 0 0 0 0 V1\n"


def test_names_in_the_header_tie_files_together():
    files = {"r.hea": HEADER, "R_A.dat": b"1", "s.dat": b"2", "scan.pdf": b"3", "r_b.dat": b"4"}
    assert set(gather.record(files, {"r_b.dat"})) == {"r.hea", "R_A.dat", "r_b.dat"}
    assert gather.record(files, {"s.dat"}) == {}
    assert gather.record(files, {"scan.pdf"}) == {}


def test_what_came_together_and_what_no_header_names_ties_nothing():
    assert gather.record({"r_a.dat": b"1", "r_b.dat": b"2"}, {"r_b.dat"}) == {}
    assert gather.record({"x.pdf": b"1", "r.hea": HEADER}, {"r.hea"}) == {}
    assert gather.record({"r.hea": b"no header", "r.dat": b"1"}, {"r.dat"}) == {}


def test_of_two_headers_that_of_the_new_file_counts():
    other = HEADER.replace(b"r", b"s", 1).replace(b"r_", b"s_")
    files = {"r.hea": HEADER, "s.hea": other, "r_a.dat": b"1"}
    assert set(gather.record(files, {"r_a.dat"})) == {"r.hea", "r_a.dat"}


def test_the_newest_files_are_kept_within_a_size():
    files = {"a": b"12345", "b": b"123", "c": b"1234"}
    assert list(gather.newest(files, 12)) == ["a", "b", "c"]
    assert list(gather.newest(files, 11)) == ["b", "c"]
    assert gather.newest(files, 3) == {}
