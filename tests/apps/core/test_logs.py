import logging

from apps.core.logs import JobFilter, job_in_logs


def _line(logger_name: str = "test") -> logging.LogRecord:
    record = logging.LogRecord(logger_name, logging.INFO, __file__, 1, "words", (), None)
    assert JobFilter().filter(record)
    return record


def test_lines_inside_a_job_carry_its_id():
    with job_in_logs("7f3a"):
        assert _line().job_id == "7f3a"
        with job_in_logs("inner"):
            assert _line().job_id == "inner"
        assert _line().job_id == "7f3a"
    assert _line().job_id == "-"


def test_an_id_given_with_the_line_wins():
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "words", (), None)
    record.job_id = "given"
    with job_in_logs("other"):
        JobFilter().filter(record)
    assert record.job_id == "given"
