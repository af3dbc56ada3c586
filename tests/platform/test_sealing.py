"""What is sealed opens with the server's secret alone, which a data folder keeps from its first use on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from config import Settings, secret_of
from models.sealing import Sealer

CONTENT = "Zoë, 07700 900123".encode()


def test_what_is_sealed_opens_again_and_shows_nothing() -> None:
    sealed = Sealer("a" * 32).seal(CONTENT)

    assert Sealer("a" * 32).open(sealed) == CONTENT
    assert b"900123" not in sealed
    assert Sealer("a" * 32).seal(CONTENT) != sealed


def test_another_secret_or_a_damaged_text_opens_nothing() -> None:
    sealed = Sealer("a" * 32).seal(CONTENT)

    assert Sealer("b" * 32).open(sealed) is None
    assert Sealer("a" * 32).open(sealed[:-4] + b"AAAA") is None


def test_a_data_folder_draws_one_secret_also_for_processes_that_start_together(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    together = Barrier(8)

    def read() -> str:
        together.wait()
        return secret_of(settings)

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(read).result for _ in range(8)]
        secrets = {result() for result in found}

    assert secrets == {secret_of(settings)}
    assert (settings.data_dir / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret"]


def test_a_secret_of_the_settings_comes_first(tmp_path: Path) -> None:
    assert secret_of(Settings(data_dir=tmp_path, secret="s" * 32)) == "s" * 32
    assert list(tmp_path.iterdir()) == []
