import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.config import env


@pytest.fixture
def variables(monkeypatch):
    def set_all(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_all


@pytest.mark.parametrize("word, value", [("true", True), ("YES", True), ("1", True), ("off", False), ("False", False)])
def test_a_boolean_is_read(variables, word, value):
    variables(SWITCH=word)
    assert env.boolean("SWITCH", default=not value) is value


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_counts_as_not_set(variables, empty):
    variables(X=empty)
    assert env.boolean("X", default=True) is True
    assert env.integer("X", 7, minimum=1, maximum=9) == 7
    assert env.text("X", "default") == "default"
    assert env.words("X", ["a"]) == ["a"]


@pytest.mark.parametrize("word", ["maybe", "2", "truee", "on off"])
def test_any_other_boolean_is_named(variables, word):
    variables(SWITCH=word)
    with pytest.raises(ImproperlyConfigured, match="SWITCH"):
        env.boolean("SWITCH", default=False)


@pytest.mark.parametrize("word", ["0", "65536", "-1", "8000.5", "eight", "1e3"])
def test_a_number_out_of_range_is_named(variables, word):
    variables(PORT=word)
    with pytest.raises(ImproperlyConfigured, match="PORT"):
        env.integer("PORT", 8000, minimum=1, maximum=65535)


def test_a_list_is_read(variables):
    variables(HOSTS=" a.example, b.example ,,")
    assert env.words("HOSTS", []) == ["a.example", "b.example"]


def test_a_choice_outside_of_the_few_is_named(variables):
    variables(LOG_LEVEL="LOUD")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL"):
        env.choice("LOG_LEVEL", "INFO", ("INFO", "DEBUG"))


def test_a_secret_may_lie_in_a_file(variables, tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    variables(KEY_FILE=str(tmp_path / "secret"))
    assert env.secret("KEY") == "hunter2"


def test_a_secret_given_twice_is_refused(variables, tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    variables(KEY_FILE=str(tmp_path / "secret"), KEY="other")
    with pytest.raises(ImproperlyConfigured, match="KEY and KEY_FILE"):
        env.secret("KEY")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_a_secret_file_that_cannot_be_read_is_named(variables, tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    variables(KEY_FILE=str(path))
    with pytest.raises(ImproperlyConfigured, match="KEY_FILE"):
        env.secret("KEY")


def test_an_sqlite_database_is_read(variables):
    variables(DATABASE_URL="sqlite:////data/site.sqlite3")
    assert env.database("DATABASE_URL", "")["NAME"] == "/data/site.sqlite3"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_database_is_read(variables, scheme):
    variables(DATABASE_URL=f"{scheme}://user:p%40ss@db.example:5433/site")
    config = env.database("DATABASE_URL", "")
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["HOST"], config["PORT"], config["NAME"]) == ("db.example", 5433, "site")
    assert (config["USER"], config["PASSWORD"]) == ("user", "p@ss")


@pytest.mark.parametrize(
    "url", ["mysql://u:hunter2@h/x", "postgres://u:hunter2@h:port/x", "postgres://u:hunter2@h/", "hunter2"]
)
def test_a_wrong_database_is_named_without_its_password(variables, url):
    variables(DATABASE_URL=url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        env.database("DATABASE_URL", "")
    assert "hunter2" not in str(caught.value)


def test_a_mail_server_is_read(variables):
    variables(EMAIL_URL="smtp+tls://me:p%40ss@mail.example:587")
    config = env.email("EMAIL_URL")
    assert (config["EMAIL_HOST"], config["EMAIL_PORT"], config["EMAIL_USE_TLS"]) == ("mail.example", 587, True)
    assert config["EMAIL_HOST_PASSWORD"] == "p@ss"


@pytest.mark.parametrize("url", ["mail.example:587", "smtp://", "ftp://mail.example", "smtp://u:hunter2@mail:port"])
def test_a_wrong_mail_server_is_named_without_its_password(variables, url):
    variables(EMAIL_URL=url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as caught:
        env.email("EMAIL_URL")
    assert "hunter2" not in str(caught.value)


def test_a_url_with_another_scheme_is_named(variables):
    variables(REDIS_URL="http://redis")
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        env.url("REDIS_URL", "", schemes=("redis", "unix"))


def test_an_env_file_fills_in_what_is_not_set(tmp_path, monkeypatch):
    monkeypatch.setenv("ALREADY", "set")
    monkeypatch.delenv("NOT_YET", raising=False)
    (tmp_path / ".env").write_text("ALREADY=other\nNOT_YET='from the file'\n")
    env.load_env_file(tmp_path / ".env")
    assert (env.text("ALREADY"), env.text("NOT_YET")) == ("set", "from the file")
    monkeypatch.delenv("NOT_YET")


def test_a_missing_env_file_is_fine(tmp_path):
    env.load_env_file(tmp_path / "missing")
