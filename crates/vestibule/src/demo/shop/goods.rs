//! What there is to buy.

/// A thing.
#[derive(Debug, PartialEq, Eq)]
pub struct Good {
    /// In addresses and cookies.
    pub id: &'static str,
    /// Its name, as a text.
    pub name: &'static str,
    /// One sentence, as a text.
    pub about: &'static str,
    /// In cents.
    pub price: u32,
}

/// All of it.
pub static GOODS: [Good; 6] = [
    Good {
        id: "kettle",
        name: "good-kettle",
        about: "good-kettle-about",
        price: 3_900,
    },
    Good {
        id: "lamp",
        name: "good-lamp",
        about: "good-lamp-about",
        price: 5_450,
    },
    Good {
        id: "mug",
        name: "good-mug",
        about: "good-mug-about",
        price: 1_250,
    },
    Good {
        id: "notebook",
        name: "good-notebook",
        about: "good-notebook-about",
        price: 780,
    },
    Good {
        id: "plant",
        name: "good-plant",
        about: "good-plant-about",
        price: 1_600,
    },
    Good {
        id: "key",
        name: "good-key",
        about: "good-key-about",
        price: 420,
    },
];

/// The one of this id.
pub fn find(id: &str) -> Option<&'static Good> {
    GOODS.iter().find(|good| good.id == id)
}
