import pytest

from ecom.apps.catalog.tests.conftest import ids, product, stock_up

pytestmark = [pytest.mark.django_db, pytest.mark.urls("ecom.urls.catalog")]

TITLES = {
    "P1": "StarTech.com Cafetière RJ45/USB adapter",
    "P2": "Serial cable RS-232, 1.5 m",
    "P3": "The Who: Tommy",
    "P4": "Toner cartridges for CopyCentre C65 (006R90321)",
    "P5": "HP Pavilion dv7-1211ea Intel® Core™2 Duo",
    "P6": "Straßenkarte Łódź",
    "P7": "iPhone case",
}


@pytest.fixture
def titles(db: None) -> None:
    stock_up(*(product(product_id, title) for product_id, title in TITLES.items()))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cafetiere", "P1"),
        ("CAFETIÈRE", "P1"),
        ("startech", "P1"),
        ("startech.com", "P1"),
        ("usb", "P1"),
        ("rs232 or rs-232", "P2"),
        ("232", "P2"),
        ("1.5", "P2"),
        ("the who", "P3"),
        ("cartridge", "P4"),
        ("006r90321", "P4"),
        ("1211ea", "P5"),
        ("dv7-1211ea", "P5"),
        ("intel core 2", "P5"),
        ("strassenkarte", "P6"),
        ("lodz", "P6"),
        ("case for the iphone", "P7"),
        ('"serial cable"', "P2"),
        ('"cable serial"', None),
        ("cable -serial", None),
        ("nothing like it", None),
        ("' ) & | ! :* <->", None),
    ],
)
def test_words_find_what_a_shopper_means(titles, get, words, found) -> None:
    assert ids(get("/products", q=words)) == ([found] if found else [])


def test_a_word_in_the_title_counts_more_than_in_the_brand_or_the_description(get) -> None:
    stock_up(
        product("P1", "Lamp", description="goes with a kettle"),
        product("P2", "Kettle"),
        product("P3", "Lamp", brand="Kettle"),
    )
    assert ids(get("/products", q="kettle")) == ["P2", "P3", "P1"]


def test_a_product_is_found_by_its_new_title_at_once(get) -> None:
    stock_up(product("P1", "Lamp"))
    stock_up(product("P1", "Kettle"))
    assert ids(get("/products", q="kettle")) == ["P1"]
    assert ids(get("/products", q="lamp")) == []
