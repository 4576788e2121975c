//! The answers as a settings file, for a person to read and go on from.

use std::fmt::{self, Write as _};

use toml::Value;

use super::answers::{Answers, Mail, Registration, Store, Tls};

/// The file. `own`: it lies in the data directory, which it then does not name.
pub fn of(answers: &Answers, own: bool) -> String {
    let mut text = String::new();
    // Writing to a String never fails.
    let _ = write(&mut text, answers, own);
    text
}

fn write(text: &mut String, answers: &Answers, own: bool) -> fmt::Result {
    text.push_str(
        "# The settings of Vestibule, as `vestibule config init` was told them.\n\
         #\n\
         # Every setting there is, with its default and its meaning: vestibule config reference\n\
         # Is this file good: vestibule config check. Which value holds, and from where: vestibule config show\n\
         # Each can be set in the environment as well, where it comes first: VESTIBULE_SERVER__ISSUER=…\n\n",
    );
    server(text, answers, own)?;
    if let Some(tls) = &answers.tls {
        ends_tls(text, tls)?;
    }
    store(text, &answers.data.store)?;
    mail(text, &answers.mail)?;
    registration(text, answers.registration)?;
    text.push_str(
        "# An application behind a proxy, on a host of its own (docs/behind-a-proxy.md):\n\
         #\n\
         # [[applications]]\n\
         # name = \"shop\"\n\
         # origins = [\"https://shop.example.com\"]\n",
    );
    Ok(())
}

fn server(text: &mut String, answers: &Answers, own: bool) -> fmt::Result {
    let issuer = &answers.issuer;
    let port = issuer.port();
    text.push_str(
        "[server]\n# The URL in people's browsers. Sessions belong to it: a new one signs everybody out.\n",
    );
    writeln!(text, "issuer = {}", quoted(issuer.origin()))?;
    match &answers.tls {
        None => {
            text.push_str("# On this machine alone.\n");
            writeln!(text, "listen = [{}]", quoted(&format!("localhost:{port}")))?;
        }
        Some(Tls::Proxy { address, .. }) if address.is_loopback() => {
            text.push_str("# Where the proxy in front finds it.\nlisten = [\"127.0.0.1:8080\"]\n");
        }
        Some(Tls::Proxy { .. }) => text.push_str(
            "# Where the proxy in front finds it. Let nobody else reach this port: there is no TLS on it.\n\
             listen = [\"0.0.0.0:8080\"]\n",
        ),
        Some(Tls::Here { .. }) => {
            text.push_str("# Add \"[::]\" with the same port where there is IPv6.\n");
            writeln!(text, "listen = [{}]", quoted(&format!("0.0.0.0:{port}")))?;
        }
    }
    if !own {
        text.push_str("# Database, keys and the control socket; for the server's user alone.\n");
        let directory = answers.data.directory.display().to_string();
        writeln!(text, "data = {}", quoted(&directory))?;
    }
    text.push_str("# The name on the pages and in mails.\n# brand = \"Vestibule\"\n\n");
    Ok(())
}

fn ends_tls(text: &mut String, tls: &Tls) -> fmt::Result {
    match tls {
        Tls::Proxy { address, headers } => {
            text.push_str(
                "# Whose forwarded headers are believed, and in which family it sends them: \"x-original\" is nginx as the\n\
                 # book has it, \"x-forwarded\" the others. The proxy's page in the book has the rest to paste.\n\
                 [[trusted_proxies]]\n",
            );
            writeln!(text, "address = {}", quoted(&address.to_string()))?;
            writeln!(text, "headers = {}\n", quoted(headers))
        }
        Tls::Here { cert, key } => {
            text.push_str(
                "# Looked at every few seconds: a renewed pair is taken by itself.\n[tls]\n",
            );
            writeln!(text, "cert_file = {}", quoted(&cert.display().to_string()))?;
            writeln!(text, "key_file = {}", quoted(&key.display().to_string()))?;
            text.push_str(
                "# Sends plain http on to https.\n# redirect_listen = [\"0.0.0.0:80\"]\n\n",
            );
            Ok(())
        }
    }
}

fn store(text: &mut String, store: &Store) -> fmt::Result {
    text.push_str("[store]\n");
    match store {
        Store::Sqlite => text.push_str(
            "# A file in the data directory. For PostgreSQL: \"postgres://vestibule@db.example.com/vestibule\"\n\
             url = \"sqlite:\"\n\n",
        ),
        Store::Postgres(url) => {
            text.push_str(
                "# A password is better in a file of its own, which password_file names. The data directory keeps the keys.\n",
            );
            writeln!(text, "url = {}\n", quoted(url))?;
        }
    }
    Ok(())
}

fn mail(text: &mut String, mail: &Mail) -> fmt::Result {
    text.push_str("[mail]\n");
    match mail {
        Mail::None => text.push_str(
            "# None yet: nobody can recover a password by themselves, and nobody is told what happens to their account.\n\
             # server = \"smtps://mail.example.com\"\n\
             # from = \"accounts@example.com\"\n\
             # username = \"vestibule\"\n\
             # password_file = \"mail-password\"\n\n",
        ),
        Mail::Server { url, from, login } => {
            text.push_str("# Try it with the server running: vestibule mail test you@example.com\n");
            writeln!(text, "server = {}", quoted(url))?;
            writeln!(text, "from = {}", quoted(from))?;
            if let Some((username, file)) = login {
                writeln!(text, "username = {}", quoted(username))?;
                let file = file.display().to_string();
                writeln!(text, "password_file = {}", quoted(&file))?;
            }
            text.push('\n');
        }
    }
    Ok(())
}

fn registration(text: &mut String, Registration(mode): Registration) -> fmt::Result {
    text.push_str(
        "[registration]\n\
         # \"invited\": whom an operator invites (vestibule user invite EMAIL). \"open\": whoever reads the mail of an address.\n\
         # \"off\": whom an operator adds (vestibule user add EMAIL).\n",
    );
    writeln!(text, "mode = {}\n", quoted(mode))
}

fn quoted(text: &str) -> Value {
    Value::String(text.to_owned())
}
