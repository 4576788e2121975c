//! People, applications and settings in the console.

use super::{CSRF, DAY, HOUR, NOW, Sample, administrator};
use crate::console::proxies::{Proxy, Upstream, Values};
use crate::views::{
    Activity, AddApplicationPage, AddFaults, AddPersonPage, AddressFault, ApplicationEntry,
    ApplicationNameFault, ApplicationNotice, ApplicationPage, ApplicationVerb, ApplicationsPage,
    Asks, ConnectFaults, ConnectPage, ConsoleAct, FreshFor, FreshPage, Happening, NameFault,
    Obstacle, OriginsFault, Paging, PeoplePage, Person, PersonAddress, PersonLinkPage,
    PersonNotice, PersonPage, PersonVerb, ProxyChoice, Reached, RolesFault, RuleEntry, SecretPage,
    Setting, SettingFrom, SettingsPage, SettingsSection, SnippetText, UpstreamFault,
};

fn proxies() -> Vec<ProxyChoice> {
    let choice = |proxy: Proxy| ProxyChoice {
        name: proxy.as_str(),
        title: proxy.title(),
    };
    Proxy::ALL.map(choice).to_vec()
}

fn bob() -> Person {
    Person {
        path: "/console/people/01890a5d-ac96-774b-bcce-b302099a8057".into(),
        email: "bob@example.test".into(),
        name: "Bob Builder".into(),
        roles: vec!["admin".into(), "editors".into()],
        disabled: false,
        made_at: NOW - 40 * DAY,
    }
}

fn carol() -> Person {
    Person {
        name: String::new(),
        email: "carol.with.a.very.long.address.indeed@quite-a-long-department.example.test".into(),
        roles: Vec::new(),
        disabled: true,
        ..bob()
    }
}

pub(super) fn people() -> Vec<Sample> {
    let mut all = lists();
    all.extend(persons());
    all.extend(adding());
    all.extend(acts());
    all
}

fn lists() -> Vec<Sample> {
    let list = PeoplePage {
        population: Some(1_000_003),
        people: vec![bob(), carol()],
        paging: Paging {
            first: None,
            next: Some("/console/people?before=carol%40example%2Etest".into()),
        },
        ..PeoplePage::default()
    };
    vec![
        administrator("console-people", list.clone()),
        administrator(
            "console-people-found",
            PeoplePage {
                text: "bob".into(),
                status: "active".into(),
                role: "admin".into(),
                narrowed: true,
                people: vec![bob()],
                paging: Paging {
                    first: Some("/console/people?text=bob".into()),
                    next: None,
                },
                notice: Some(PersonNotice::Deleted(2)),
                ..list.clone()
            },
        ),
        administrator("console-people-empty", PeoplePage::default()),
        administrator(
            "console-people-none",
            PeoplePage {
                text: "nobody".into(),
                narrowed: true,
                ..PeoplePage::default()
            },
        ),
        administrator(
            "console-people-none-yet",
            PeoplePage {
                text: "nobody".into(),
                narrowed: true,
                people: Vec::new(),
                ..list
            },
        ),
    ]
}

fn persons() -> Vec<Sample> {
    let page = PersonPage {
        csrf: CSRF.into(),
        person: bob(),
        id: "01890a5d-ac96-774b-bcce-b302099a8057".into(),
        addresses: vec![
            address("bob@example.test", true),
            address("bob.builder@work.example.test", false),
        ],
        has_password: true,
        last_login: Some(NOW - 3 * HOUR),
        reach: Reached {
            devices: 3,
            sign_ins: 14,
            applications: 2,
        },
        sessions: "/console/sessions?user=01890a5d-ac96-774b-bcce-b302099a8057".into(),
        trail: "/console/audit?person=01890a5d-ac96-774b-bcce-b302099a8057".into(),
        events: vec![
            event(Happening::SignedIn { new_device: true }),
            event(Happening::SignInFailed),
        ],
        ..PersonPage::default()
    };
    let mut all = vec![
        administrator("console-person", page.clone()),
        administrator(
            "console-person-new",
            PersonPage {
                person: carol(),
                has_password: false,
                last_login: None,
                reach: Reached::default(),
                events: Vec::new(),
                declared: true,
                ..page.clone()
            },
        ),
        administrator(
            "console-person-roles",
            PersonPage {
                typed: Some("Editors; admin".into()),
                own: true,
                ..page.clone()
            },
        ),
    ];
    all.extend(notices(&page));
    all
}

fn address(email: &str, verified: bool) -> PersonAddress {
    PersonAddress {
        email: email.into(),
        verified,
    }
}

fn event(what: Happening) -> Activity {
    Activity {
        at: NOW - HOUR,
        what,
        device: None,
        address: Some("192.0.2.7".into()),
        place: vestibule_core::place::Place::Unknown,
    }
}

fn notices(page: &PersonPage) -> Vec<Sample> {
    [
        ("console-person-made", PersonNotice::Made),
        ("console-person-invited", PersonNotice::Invited),
        ("console-person-set", PersonNotice::RolesSet),
        ("console-person-nothing", PersonNotice::Nothing),
        ("console-person-ended", PersonNotice::Ended(1)),
        ("console-person-disabled", PersonNotice::Disabled(0)),
        ("console-person-enabled", PersonNotice::Enabled),
        ("console-person-link-mailed", PersonNotice::LinkMailed),
        ("console-person-last", PersonNotice::LastAdministrator),
        ("console-person-declared", PersonNotice::Declared),
        ("console-person-oneself", PersonNotice::Oneself),
        ("console-person-shut", PersonNotice::NotWhileDisabled),
    ]
    .into_iter()
    .map(|(name, notice)| {
        let notice = Some(notice);
        administrator(
            name,
            PersonPage {
                notice,
                ..page.clone()
            },
        )
    })
    .collect()
}

fn adding() -> Vec<Sample> {
    let page = AddPersonPage {
        csrf: CSRF.into(),
        known: vec!["admin".into(), "editors".into()],
        mails: true,
        ..AddPersonPage::default()
    };
    let link = PersonLinkPage {
        invites: true,
        email: "bob@example.test".into(),
        link: "https://id.example.test/register/finish?token=vst_ticket_Jq7".into(),
        expires_at: NOW + 7 * DAY,
        on: "/console/people".into(),
    };
    vec![
        administrator("console-add-person", page.clone()),
        administrator(
            "console-add-person-faults",
            AddPersonPage {
                now: true,
                email: "bob".into(),
                name: "Bob".into(),
                roles: "Editors".into(),
                mails: false,
                email_fault: Some(AddressFault::Malformed),
                name_fault: Some(NameFault::TooLong),
                roles_fault: true,
                ..page.clone()
            },
        ),
        administrator(
            "console-add-person-taken",
            AddPersonPage {
                email_fault: Some(AddressFault::Taken),
                ..page.clone()
            },
        ),
        administrator(
            "console-add-person-missing",
            AddPersonPage {
                email_fault: Some(AddressFault::Missing),
                ..page
            },
        ),
        administrator("console-person-link", link.clone()),
        administrator(
            "console-person-recovery",
            PersonLinkPage {
                invites: false,
                ..link
            },
        ),
    ]
}

fn confirming(purpose: ConsoleAct) -> FreshPage {
    FreshPage {
        csrf: CSRF.into(),
        action: "/console/people/01890a5d-ac96-774b-bcce-b302099a8057/end".into(),
        fields: Vec::new(),
        cancel: "/console/people".into(),
        purpose: FreshFor::Console(purpose),
        proven: true,
        fault: None,
    }
}

fn acts() -> Vec<Sample> {
    let reach = Some(Reached {
        devices: 3,
        sign_ins: 14,
        applications: 2,
    });
    [
        ("console-end-person", PersonVerb::End { reach }),
        ("console-end-own", PersonVerb::EndOwn { reach }),
        ("console-disable", PersonVerb::Disable { reach }),
        (
            "console-disable-unknown",
            PersonVerb::Disable { reach: None },
        ),
        ("console-enable", PersonVerb::Enable),
        (
            "console-delete",
            PersonVerb::Delete {
                reach: Reached::default(),
            },
        ),
        ("console-recover", PersonVerb::Recover { mails: true }),
        ("console-recover-hand", PersonVerb::Recover { mails: false }),
        (
            "console-set-roles",
            PersonVerb::SetRoles {
                roles: vec!["admin".into(), "editors".into()],
            },
        ),
        (
            "console-no-roles",
            PersonVerb::SetRoles { roles: Vec::new() },
        ),
        ("console-leave", PersonVerb::LeaveConsole),
        ("console-invite", PersonVerb::Invite),
        ("console-make", PersonVerb::Make),
    ]
    .into_iter()
    .map(|(name, verb)| {
        let person = "Bob Builder".to_owned();
        administrator(name, confirming(ConsoleAct::Person { verb, name: person }))
    })
    .collect()
}

pub(super) fn applications() -> Vec<Sample> {
    let shop = ApplicationEntry {
        path: "/console/applications/shop".into(),
        name: "shop".into(),
        title: "The shop".into(),
        origins: vec![
            "https://shop.example.com".into(),
            "https://shop.example.org".into(),
        ],
        asks: Asks::default(),
        rules: 2,
        declared: false,
        made_at: NOW - 3 * DAY,
    };
    let staff = Asks {
        roles: vec!["editors".into(), "staff".into()],
        acr: Some("aal2"),
        cross_site: true,
        preflight: true,
        ..Asks::default()
    };
    let wiki = ApplicationEntry {
        title: "wiki".into(),
        asks: staff.clone(),
        rules: 0,
        declared: true,
        ..shop.clone()
    };
    let page = ApplicationPage {
        application: shop.clone(),
        client_id: "01890a5d-ac96-774b-bcce-b302099a8057".into(),
        has_secret: true,
        rules: vec![
            RuleEntry {
                paths: vec!["/admin/*".into()],
                methods: vec!["POST".into()],
                asks: staff,
            },
            RuleEntry {
                paths: Vec::new(),
                methods: Vec::new(),
                asks: Asks {
                    public: true,
                    ..Asks::default()
                },
            },
        ],
        notice: None,
    };
    let secret = SecretPage {
        path: shop.path.clone(),
        title: "The shop".into(),
        client_id: page.client_id.clone(),
        secret: "vst_app_Jq7pYx3vLk9sTz2cWf6nHd1gRj5aEuXo4iPqVbKyNlM".into(),
        previous: true,
    };
    let list = |applications, notice| ApplicationsPage {
        applications,
        notice,
    };
    let mut all = vec![
        administrator(
            "console-applications",
            list(
                vec![shop.clone(), wiki.clone()],
                Some(ApplicationNotice::Removed { sign_ins: Some(3) }),
            ),
        ),
        administrator("console-applications-empty", list(Vec::new(), None)),
        administrator("console-application", page.clone()),
        administrator(
            "console-application-declared",
            ApplicationPage {
                application: wiki,
                has_secret: false,
                rules: Vec::new(),
                notice: Some(ApplicationNotice::Declared),
                ..page
            },
        ),
        administrator("console-secret", secret.clone()),
        administrator(
            "console-secret-alone",
            SecretPage {
                previous: false,
                ..secret
            },
        ),
    ];
    all.extend(adding_applications());
    all.extend(connecting(&shop));
    all.extend(
        [
            ("console-application-add-fresh", ApplicationVerb::Add),
            (
                "console-application-remove",
                ApplicationVerb::Remove {
                    origins: 2,
                    sign_ins: 14,
                },
            ),
            (
                "console-application-rotate",
                ApplicationVerb::Rotate { keeps: true },
            ),
            (
                "console-application-rotate-now",
                ApplicationVerb::Rotate { keeps: false },
            ),
        ]
        .into_iter()
        .map(|(name, verb)| {
            let shop = "The shop".to_owned();
            administrator(
                name,
                confirming(ConsoleAct::Application { verb, name: shop }),
            )
        }),
    );
    all
}

fn adding_applications() -> Vec<Sample> {
    let page = AddApplicationPage {
        csrf: CSRF.into(),
        proxy: "nginx".into(),
        proxies: proxies(),
        ..AddApplicationPage::default()
    };
    let faulty = |name, faults: AddFaults| {
        administrator(
            name,
            AddApplicationPage {
                title: "The shop".into(),
                name: "Shop".into(),
                origins: "shop.example.com/cart".into(),
                by_role: true,
                roles: "Editors".into(),
                faults,
                ..page.clone()
            },
        )
    };
    let origins = |fault| AddFaults {
        origins: Some(fault),
        ..AddFaults::default()
    };
    let host = || "shop.example.com".to_owned();
    vec![
        administrator("console-application-add", page.clone()),
        faulty(
            "console-application-add-faults",
            AddFaults {
                title: Some(NameFault::Malformed),
                name: Some(ApplicationNameFault::Malformed),
                origins: Some(OriginsFault::Malformed("shop.example.com/cart".into())),
                roles: Some(RolesFault::Malformed),
                proxy: true,
            },
        ),
        faulty(
            "console-application-add-taken",
            AddFaults {
                name: Some(ApplicationNameFault::Taken),
                roles: Some(RolesFault::Missing),
                ..origins(OriginsFault::Taken {
                    authority: host(),
                    by: "wiki".into(),
                })
            },
        ),
        faulty(
            "console-application-add-none",
            origins(OriginsFault::Missing),
        ),
        faulty(
            "console-application-add-http",
            origins(OriginsFault::NeedsHttps(host())),
        ),
        faulty(
            "console-application-add-twice",
            origins(OriginsFault::Twice(host())),
        ),
        faulty(
            "console-application-add-many",
            origins(OriginsFault::TooMany(20)),
        ),
        faulty(
            "console-application-add-issuer",
            origins(OriginsFault::IssuersHost("https://id.example.com".into())),
        ),
    ]
}

fn connecting(shop: &ApplicationEntry) -> Vec<Sample> {
    let (issuer, origin) = ("https://id.example.com", "https://shop.example.com");
    let page = |proxy: Proxy| {
        let snippets = proxy.snippets(&Values {
            issuer: &issuer.parse().expect("an origin"),
            origin: &origin.parse().expect("an origin"),
            name: &"shop".parse().expect("a name"),
            vestibule: &Upstream::here(8080),
            application: &Upstream::here(3000),
        });
        let snippets = snippets.into_iter().map(|snippet| SnippetText {
            path: snippet.path,
            text: snippet.text,
        });
        ConnectPage {
            path: shop.path.clone(),
            name: shop.name.clone(),
            title: shop.title.clone(),
            origins: shop.origins.clone(),
            origin: origin.into(),
            proxy: proxy.as_str().into(),
            proxies: proxies(),
            application: "127.0.0.1:3000".into(),
            vestibule: "127.0.0.1:8080".into(),
            from: "127.0.0.1".into(),
            snippets: snippets.collect(),
            settings: "[[trusted_proxies]]\naddress = \"127.0.0.1\"\nheaders = \"x-original\"\n"
                .into(),
            doctor: format!("vestibule doctor --url {origin}"),
            ..ConnectPage::default()
        }
    };
    let obstacles = vec![
        Obstacle::IssuerWithoutTls,
        Obstacle::OriginWithoutTls,
        Obstacle::OtherPort,
        Obstacle::SharedHost,
        Obstacle::OtherFamily,
    ];
    vec![
        administrator(
            "console-connect-nginx",
            ConnectPage {
                added: true,
                ..page(Proxy::Nginx)
            },
        ),
        administrator("console-connect-haproxy", page(Proxy::Haproxy)),
        administrator("console-connect-apache", page(Proxy::Apache)),
        administrator(
            "console-connect-caddy",
            ConnectPage {
                trusted: true,
                ..page(Proxy::Caddy)
            },
        ),
        administrator("console-connect-traefik", page(Proxy::Traefik)),
        administrator("console-connect-envoy", page(Proxy::Envoy)),
        administrator(
            "console-connect-faults",
            ConnectPage {
                application: "app".into(),
                vestibule: "vestibule:8080".into(),
                from: "everywhere".into(),
                faults: ConnectFaults {
                    application: Some(UpstreamFault::Malformed),
                    vestibule: Some(UpstreamFault::NeedsAddress),
                    from: true,
                },
                obstacles,
                ..page(Proxy::Envoy)
            },
        ),
    ]
}

pub(super) fn settings() -> Vec<Sample> {
    let setting = |name: &str, value: &str, origin, reloads, waits| Setting {
        name: name.into(),
        value: value.into(),
        origin,
        meaning: "Addresses and ports to listen on.".into(),
        reloads,
        waits,
    };
    let page = SettingsPage {
        waiting: 1,
        sections: vec![
            SettingsSection {
                name: "server".into(),
                settings: vec![
                    setting(
                        "server.listen",
                        "[\"127.0.0.1:8080\", \"[::1]:8080\"]",
                        SettingFrom::Default,
                        false,
                        false,
                    ),
                    setting(
                        "server.issuer",
                        "\"https://id.example.test\"",
                        SettingFrom::File("/etc/vestibule.toml:2".into()),
                        false,
                        true,
                    ),
                ],
            },
            SettingsSection {
                name: "mail".into(),
                settings: vec![
                    setting(
                        "mail.password",
                        "set",
                        SettingFrom::Environment("VESTIBULE_MAIL__PASSWORD".into()),
                        true,
                        false,
                    ),
                    setting(
                        "mail.from",
                        "\"a@example.test\"",
                        SettingFrom::Flag("--listen".into()),
                        true,
                        false,
                    ),
                ],
            },
        ],
        ..SettingsPage::default()
    };
    vec![
        administrator("console-settings", page),
        administrator("console-settings-unknown", SettingsPage::default()),
        administrator(
            "console-settings-none",
            SettingsPage {
                text: "zzz".into(),
                changed: true,
                narrowed: true,
                ..SettingsPage::default()
            },
        ),
    ]
}
