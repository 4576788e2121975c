//! Every page in every state and language: right, complete, accessible and small.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ErrorKind, ErrorPage, Frame, Page,
    markup::{self, Element},
    samples::{self, NOW, Sample},
};
use crate::{
    assets,
    texts::{Texts, Tongue},
};

mod arriving;
mod contrast;
mod hostile;
mod times;

/// experience.md's bound on a page with all it loads.
const MOST_BYTES: usize = 50_000;

/// Renders every sample in every language, and hands over its name, its source and its elements.
fn each(check: impl Fn(&str, &Sample, Tongue<'_>, &str, &[Element])) {
    let texts = Texts::embedded();
    for tongue in texts.all() {
        for sample in samples::all() {
            let html = sample.render(tongue);
            let name = format!("{} in {}", sample.name, tongue.lang());
            check(&name, &sample, tongue, &html, &markup::elements(&html));
        }
    }
}

fn named<'a>(elements: &'a [Element], name: &'a str) -> impl Iterator<Item = &'a Element> {
    elements.iter().filter(move |element| element.name == name)
}

#[test]
fn every_page_is_complete_in_its_language() {
    each(|name, _, tongue, html, elements| {
        assert_eq!(elements[0].attribute("lang"), Some(tongue.lang()), "{name}");
        assert_eq!(named(elements, "h1").count(), 1, "{name}: one h1");
        assert_eq!(named(elements, "main").count(), 1, "{name}: one main");
        let title = &named(elements, "title").next().expect("a title").text;
        assert!(
            title.ends_with(" · Vestibule") && title.len() > " · Vestibule".len(),
            "{name}: {title:?}"
        );
        assert!(
            !html.contains("{$") && !html.contains("{ $") && !html.contains("{{"),
            "{name}: a variable is left open"
        );
        for tag in [
            "h1", "h2", "p", "a", "button", "label", "time", "li", "strong", "title",
        ] {
            for element in named(elements, tag) {
                let spoken = !element.text.trim().is_empty()
                    || element.has("aria-label")
                    || element.has("data-caps");
                assert!(spoken, "{name}: an empty <{tag}>");
                // Message ids read like `login-title`: none may stand where a text should.
                assert!(
                    !element.text.contains("-title") && !element.text.contains("-fault"),
                    "{name}: {}",
                    element.text
                );
            }
        }
    });
}

/// Holds: ASVS 3.4.3, ASVS 3.6.1, R07
#[test]
fn asvs_3_4_3_no_inline_script_or_style_and_nothing_from_elsewhere() {
    each(|name, _, _, _, elements| {
        for element in elements {
            assert_ne!(element.name, "style", "{name}");
            for (attribute, value) in element.attributes() {
                assert!(
                    attribute != "style" && !attribute.starts_with("on"),
                    "{name}: {attribute} on <{}>",
                    element.name
                );
                if ["src", "href", "action"].contains(&attribute) {
                    // A link that leads on and loads nothing may go to an application.
                    let leads_on = element.attribute("rel") == Some("noreferrer");
                    let local = leads_on
                        || value.starts_with('#')
                        || (value.starts_with('/') && !value.starts_with("//"));
                    assert!(local, "{name}: {attribute}={value}");
                }
            }
            if element.name == "script" {
                assert!(
                    element.text.is_empty() && element.has("src"),
                    "{name}: an inline script"
                );
            }
            if let Some(path) = element
                .attribute("src")
                .or(element.attribute("href"))
                .filter(|path| path.starts_with("/assets/"))
            {
                assert!(
                    assets::asset(path).is_some(),
                    "{name}: {path} is not served"
                );
            }
        }
    });
}

#[test]
fn every_control_has_a_name_and_every_reference_a_target() {
    each(|name, _, _, _, elements| {
        let ids: Vec<_> = elements
            .iter()
            .filter_map(|element| element.attribute("id"))
            .collect();
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id twice in {ids:?}");
        let labelled: BTreeSet<_> = named(elements, "label")
            .filter_map(|label| label.attribute("for"))
            .collect();
        for input in named(elements, "input")
            .filter(|input| input.attribute("type") != Some("hidden"))
            .filter(|input| !input.has("aria-label"))
            .chain(named(elements, "select"))
        {
            let id = input.attribute("id").expect("an id");
            assert!(labelled.contains(id), "{name}: {id} has no label");
        }
        for element in elements {
            for reference in [
                "aria-describedby",
                "aria-labelledby",
                "aria-controls",
                "for",
                "data-reveal",
                "data-caps",
                "data-strength",
            ] {
                for id in element
                    .attribute(reference)
                    .into_iter()
                    .flat_map(str::split_whitespace)
                {
                    assert!(
                        unique.contains(id),
                        "{name}: {reference}={id} leads nowhere"
                    );
                }
            }
            if let Some(id) = element
                .attribute("href")
                .and_then(|href| href.strip_prefix('#'))
            {
                assert!(unique.contains(id), "{name}: #{id} leads nowhere");
            }
        }
        // WCAG 2.5.3: who speaks to their machine says what they see.
        for button in named(elements, "button") {
            let (seen, label) = (button.text.trim(), button.attribute("aria-label"));
            let spoken =
                label.is_none_or(|label| label.to_lowercase().contains(&seen.to_lowercase()));
            assert!(spoken, "{name}: {seen} is called {label:?}");
        }
        let autofocus = elements
            .iter()
            .filter(|element| element.has("autofocus"))
            .count();
        assert!(autofocus <= 1, "{name}: autofocus twice");
    });
}

/// A fault stands at its field (`aria-invalid`, `aria-describedby`), and the title says at once that there is one.
#[test]
fn a_fault_is_tied_to_its_field_and_told_by_the_title() {
    each(|name, _, tongue, _, elements| {
        let invalid: Vec<_> = elements
            .iter()
            .filter(|element| element.attribute("aria-invalid") == Some("true"))
            .collect();
        for input in &invalid {
            let described = input
                .attribute("aria-describedby")
                .expect("a fault is described");
            let fault = described.split(' ').next().expect("an id");
            let text = elements
                .iter()
                .find(|element| element.attribute("id") == Some(fault))
                .map(|element| &element.text);
            assert!(text.is_some_and(|text| text.len() > 10), "{name}: {fault}");
        }
        if !invalid.is_empty() {
            let title = &named(elements, "title").next().expect("a title").text;
            assert!(
                title.starts_with(&*tongue.text("title-fault")),
                "{name}: {title}"
            );
        }
    });
}

/// Holds: ASVS 3.5.1, ASVS 3.5.3
#[test]
fn asvs_3_5_1_every_form_is_a_post_with_a_csrf_token() {
    each(|name, _, _, html, elements| {
        let mut posts = 0;
        for form in named(elements, "form") {
            let action = form.attribute("action").expect("an action");
            match form.attribute("method") {
                Some("post") => posts += 1,
                // It asks for a page, which says what it will do before its own form does it.
                method => {
                    assert_eq!(method, Some("get"), "{name}");
                    assert!(action.starts_with("/console/"), "{name}: {action}");
                }
            }
        }
        let tokens = named(elements, "input")
            .filter(|input| input.attribute("name") == Some("csrf"))
            .count();
        assert_eq!(tokens, posts, "{name}");
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().expect("a form ends");
            assert_eq!(
                form.contains("method=\"post\""),
                form.contains("name=\"csrf\""),
                "{name}: a form that does something has a token, and no address ever has one"
            );
        }
    });
}

/// Holds: ASVS 7.4.4
#[test]
fn asvs_7_4_4_signing_out_is_on_every_signed_in_page_and_on_no_other() {
    each(|name, sample, _, _, elements| {
        let forms = named(elements, "form")
            .filter(|form| form.attribute("action") == Some("/logout"))
            .count();
        assert_eq!(forms, usize::from(sample.signed_in), "{name}");
    });
}

/// Holds: ASVS 6.2.6, ASVS 6.2.7, ASVS 6.2.8, N27, N29
#[test]
fn asvs_6_2_7_password_managers_and_paste_work_and_nothing_is_cut() {
    let script = std::str::from_utf8(assets::SCRIPT.bytes()).expect("UTF-8");
    assert!(!script.contains("paste"), "script must leave pasting alone");
    each(|name, _, _, _, elements| {
        for input in named(elements, "input") {
            assert!(
                !input.has("maxlength"),
                "{name}: a browser would cut what is typed"
            );
            let field = input.attribute("name").unwrap_or_default();
            let complete = input.attribute("autocomplete");
            match field {
                "identifier" => assert_eq!(complete, Some("username"), "{name}"),
                "new_password" => assert_eq!(complete, Some("new-password"), "{name}"),
                "password"
                    if name.starts_with("setup")
                        || name.starts_with("register-finish")
                        || name.starts_with("recover-finish") =>
                {
                    assert_eq!(complete, Some("new-password"), "{name}");
                }
                "password" | "current_password" => {
                    assert_eq!(complete, Some("current-password"), "{name}");
                }
                _ => continue,
            }
            if field.contains("password") {
                assert_eq!(input.attribute("type"), Some("password"), "{name}");
                assert_eq!(
                    input.attribute("value"),
                    None,
                    "{name}: a password is never sent back"
                );
            }
        }
    });
}

/// Holds: N20, N24, N28
#[test]
fn n20_a_new_password_asks_for_length_alone_and_a_refusal_says_why() {
    each(|name, _, tongue, _, elements| {
        for input in named(elements, "input")
            .filter(|input| input.attribute("autocomplete") == Some("new-password"))
        {
            assert_eq!(input.attribute("minlength"), Some("15"), "{name}");
            assert!(!input.has("pattern"), "{name}: no rule of composition");
            let described = input.attribute("aria-describedby").expect("a hint");
            let hint = described.rsplit(' ').next();
            let hint = elements
                .iter()
                .find(|element| element.attribute("id") == hint);
            assert!(
                hint.is_some_and(|hint| hint.text.contains("15")),
                "{name}: the length is said"
            );
        }
        for (sample, id) in [
            ("setup-common", "password-fault-common"),
            ("setup-guessable", "password-fault-guessable"),
            ("setup-site-word", "password-fault-site-word"),
        ] {
            if name.starts_with(sample) {
                let text = tongue.text(id);
                assert!(
                    elements.iter().any(|element| element.text == text),
                    "{name}"
                );
                assert!(
                    text.matches('.').count() >= 2,
                    "{name}: the reason, and what to do"
                );
            }
        }
    });
}

/// Holds: N26, ASVS 6.4.2
#[test]
fn n26_who_sets_a_password_is_asked_for_no_hint_and_no_secret_answer() {
    let asked = [
        ("setup", "csrf identifier name password token"),
        ("register", "csrf identifier name"),
        ("register-finish", "csrf name password token"),
        ("security", "csrf current_password new_password"),
        ("recover", "csrf identifier"),
        ("recover-finish", "csrf password token"),
        ("recover-finish-elsewhere", "code csrf password token"),
    ];
    let asked = BTreeMap::from(asked);
    each(|name, sample, _, _, elements| {
        let Some(asked) = asked.get(sample.name) else {
            return;
        };
        let named: BTreeSet<_> = ["input", "select", "textarea"]
            .into_iter()
            .flat_map(|tag| named(elements, tag))
            .filter_map(|field| field.attribute("name"))
            .collect();
        let named: Vec<_> = named.into_iter().collect();
        assert_eq!(named.join(" "), *asked, "{name}");
    });
    let seen: BTreeSet<_> = samples::all().iter().map(|sample| sample.name).collect();
    assert!(asked.keys().all(|name| seen.contains(name)), "{seen:?}");
}

#[test]
fn a_page_with_all_it_loads_is_under_50_kilobytes() {
    let assets: usize = assets::ASSETS.iter().map(|asset| asset.bytes().len()).sum();
    each(|name, _, _, html, _| {
        let bytes = html.len() + assets;
        assert!(bytes < MOST_BYTES, "{name}: {bytes} bytes");
    });
}

#[test]
fn a_login_says_the_same_whatever_was_wrong_and_links_to_what_is_open() {
    each(|name, sample, _, _, elements| {
        if !name.starts_with("login") {
            return;
        }
        let links: Vec<_> = named(elements, "a")
            .filter_map(|link| link.attribute("href"))
            .collect();
        let built: &[&str] = match sample.name {
            "login-open" => &["/recover", "/register"],
            "login-throttled" | "login-password-set" => &["/recover"],
            _ => &[],
        };
        assert_eq!(links, built, "{name}");
        let faults = elements
            .iter()
            .filter(|element| element.attribute("role") == Some("alert"))
            .count();
        assert!(faults <= 1, "{name}");
    });
}

#[test]
fn an_error_has_its_status_its_reference_and_says_that_nothing_is_lost() {
    let texts = Texts::embedded();
    let english = texts.all().next().expect("English");
    let page = |kind| {
        let page = ErrorPage {
            kind,
            id: "7F3K-Q2MX".into(),
            back: None,
            wait: None,
        };
        page.render(&Frame::new(english, "Vestibule", NOW))
            .expect("renders")
    };
    let unavailable = page(ErrorKind::Unavailable);
    assert!(unavailable.contains("7F3K-Q2MX") && unavailable.contains("503"));
    assert!(unavailable.contains("Nothing that was confirmed is lost"));
    assert!(page(ErrorKind::FormExpired).contains("403"));
}
