import pytest

from prefix import Prefix


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    return Prefix(tmp_path_factory.mktemp("installed"))
