### Vestibule auf Deutsch.

## Überall
skip = Zum Inhalt springen
rooms = Ihr Konto
sign-out = Abmelden
cancel = Abbrechen
title-fault = Bitte prüfen:
field-address = E-Mail-Adresse
field-name = Name
field-optional = (freiwillig)
field-password = Passwort

## Passwörter
password-show = Passwort anzeigen
password-caps = Die Feststelltaste ist aktiv.
password-hint = Mindestens { $shortest } Zeichen. Ein paar Wörter hintereinander lassen sich leicht merken; Leerzeichen und jede Schrift sind willkommen.
password-fault-missing = Bitte geben Sie ein Passwort ein.
password-fault-short =
    { $length ->
        [one] Das ist nur { $length } Zeichen; es müssen mindestens { $shortest } sein. Hängen Sie ein, zwei Wörter an.
       *[other] Das sind nur { $length } Zeichen; es müssen mindestens { $shortest } sein. Hängen Sie ein, zwei Wörter an.
    }
password-fault-long = Das sind mehr als { $longest } Zeichen. Bitte wählen Sie ein kürzeres.
password-fault-common = Dieses Passwort steht auf den Listen, die Angreifer zuerst probieren: Viele benutzen es, oder es wurde anderswo gestohlen. Bitte wählen Sie eigene Wörter und benutzen Sie sie nirgends sonst.
password-fault-guessable = Das ist Ihre Adresse oder Ihr Name und wird darum früh erraten. Bitte wählen Sie etwas anderes.
password-fault-site-word = Das ist der Name dieses Dienstes oder ein anderes Wort, das zu ihm gehört, und wird darum früh erraten. Bitte wählen Sie etwas anderes.
password-fault-unchanged = Das ist Ihr jetziges Passwort. Bitte wählen Sie ein neues.
strength-one = noch 1 Zeichen
strength-more = noch { "{" }n{ "}" } Zeichen
strength-easy = Leicht zu erraten
strength-fair = Mittel: noch ein, zwei Wörter
strength-good = Gut

## Einrichtung
setup-title = Willkommen
setup-intro = Sie sind als Erstes hier. Legen Sie fest, womit Sie sich anmelden; damit verwalten Sie diesen Server.
setup-submit = Verwaltungskonto anlegen
setup-faults = Bitte noch einmal ansehen:
address-fault-missing = Bitte geben Sie Ihre E-Mail-Adresse ein.
address-fault-malformed = Das sieht nicht nach einer E-Mail-Adresse aus. Gemeint ist etwas wie name@example.com.
address-fault-taken = Diese Adresse gehört schon zu einem anderen Konto. Bitte wählen Sie eine andere.
name-fault-long = Dieser Name ist zu lang. Bitte kürzen Sie ihn.
name-fault-malformed = Dieser Name enthält Zeichen, die sich nicht anzeigen lassen. Bitte schreiben Sie ihn in Buchstaben.

## Anmelden
login-title = Anmelden
login-continue = um fortzufahren mit { $place }
login-remember = Auf diesem Gerät angemeldet bleiben
login-remember-hint = Bis zu 30 Tage. Besser nicht an einem Rechner, den auch andere benutzen.
login-submit = Anmelden
login-fault-mismatch = Diese Adresse und dieses Passwort passen nicht zusammen.
login-fault-busy = Der Server ist gerade sehr beschäftigt. Es wurde nichts geändert; bitte versuchen Sie es gleich noch einmal.
login-fault-stale = Diese Seite war zu lange geöffnet. Bitte versuchen Sie es noch einmal.
login-notice-signed-out = Sie sind abgemeldet.
login-notice-ended = Ihre Sitzung ist beendet. Melden Sie sich wieder an, um fortzufahren.

## Bestätigen
fresh-title = Bestätigen Sie, dass Sie es sind
fresh-end-device = Damit wird { $device } abgemeldet, beim nächsten Klick dort.
fresh-end-all =
    { $count ->
        [0] Das meldet dieses Gerät ab; ein anderes gibt es nicht.
        [one] Das meldet dieses Gerät sofort ab und { $count } weiteres bei seinem nächsten Klick.
       *[other] Das meldet dieses Gerät sofort ab und { $count } weitere bei ihrem nächsten Klick.
    }
fresh-end-others =
    { $count ->
        [one] Damit wird { $count } anderes Gerät abgemeldet, beim nächsten Klick dort.
       *[other] Damit werden { $count } andere Geräte abgemeldet, beim nächsten Klick dort.
    }
fresh-add-address = Damit geht an { $address } ein Link, der sie Ihrem Konto hinzufügt.
fresh-remove-address = Damit wird { $address } aus Ihrem Konto entfernt. Anmelden kann man sich damit nicht mehr.
fresh-primary-address = Damit wird { $address } die Hauptadresse Ihres Kontos.
fresh-delete =
    { $count ->
        [one] Das löscht Ihr Konto mit allem darin und meldet { $count } Gerät ab, dieses. Es lässt sich nicht rückgängig machen.
       *[other] Das löscht Ihr Konto mit allem darin und meldet { $count } Geräte ab, auch dieses. Es lässt sich nicht rückgängig machen.
    }
fresh-continue = Ihre Anmeldung ist eine Weile her. Geben Sie Ihr Passwort ein, um fortzufahren.
fresh-submit = Weiter
fresh-fault-wrong = Das ist nicht Ihr Passwort. Bitte versuchen Sie es noch einmal.

## Abmelden
logout-title = Abmelden?
logout-what = Das beendet Ihre Sitzung auf diesem Gerät. Ihre anderen Geräte bleiben angemeldet.
logout-stay = Angemeldet bleiben
signed-out-title = Sie sind abgemeldet
signed-out-what = Ohne Ihr Passwort kommt in diesem Browser niemand weiter.
signed-out-again = Wieder anmelden

## Geräte
devices-title = Geräte
devices-intro = Überall, wo Sie angemeldet sind. Was Sie abmelden, ist beim nächsten Klick ausgesperrt.
devices-this = dieses Gerät
devices-signed-in = angemeldet { $when }
devices-active = zuletzt aktiv { $when }
devices-active-now = gerade aktiv
devices-remembered = bleibt angemeldet
devices-ends = endet von selbst { $when }
devices-applications = Darüber geöffnete Anwendungen: { $list }
devices-end = Abmelden
devices-end-label = Abmelden: { $device }
devices-end-all = Überall abmelden, auch hier
devices-end-others =
    { $count ->
        [one] { $count } anderes abmelden
       *[other] { $count } andere abmelden
    }
devices-ended =
    { $count ->
        [0] Dort waren Sie schon abgemeldet.
        [one] { $count } Gerät ist abgemeldet.
       *[other] { $count } Geräte sind abgemeldet.
    }
devices-strange = Etwas kommt Ihnen unbekannt vor? Melden Sie es ab, danach:
devices-strange-link = Passwort ändern
devices-alone = Sie sind sonst nirgends angemeldet.
device-name = { $browser } auf { $system }
device-unknown = Unbekanntes Gerät
proof-password = Passwort

## Sicherheit
security-title = Sicherheit
security-intro = Womit Sie zeigen, dass Sie es sind.
security-change = Passwort ändern
security-others =
    { $count ->
        [0] Hier bleiben Sie angemeldet. Sonst sind Sie nirgends angemeldet.
        [one] Hier bleiben Sie angemeldet. Ihr { $count } anderes Gerät wird abgemeldet.
       *[other] Hier bleiben Sie angemeldet. Ihre { $count } anderen Geräte werden abgemeldet.
    }
security-current = Jetziges Passwort
security-new = Neues Passwort
security-submit = Passwort ändern
security-unchanged = Ihr Passwort wurde nicht geändert.
security-changed =
    { $count ->
        [0] Ihr Passwort ist geändert.
        [one] Ihr Passwort ist geändert, und { $count } anderes Gerät ist abgemeldet.
       *[other] Ihr Passwort ist geändert, und { $count } andere Geräte sind abgemeldet.
    }

## Adressen
addresses-title = Adressen
addresses-intro = Mit jeder können Sie sich anmelden. Was Ihr Konto betrifft, geht per Mail an alle.
addresses-primary = Hauptadresse
addresses-verified = bestätigt
addresses-unverified = noch nicht bestätigt
addresses-since = hinzugefügt { $when }
addresses-prove = Link schicken
addresses-prove-label = Einen Link schicken, der { $address } bestätigt
addresses-make-primary = Zur Hauptadresse machen
addresses-primary-label = Zur Hauptadresse machen: { $address }
addresses-remove = Entfernen
addresses-remove-label = { $address } entfernen
addresses-alone = Eine zweite Adresse hält Ihr Konto erreichbar, falls Sie die erste verlieren.
addresses-add = Adresse hinzufügen
addresses-add-how = Wir schicken einen Link dorthin. Die Adresse gehört Ihnen, sobald Sie ihn dort öffnen, wo Sie angemeldet sind.
addresses-add-submit = Link schicken
addresses-full = Ein Konto hat höchstens { $most } Adressen. Entfernen Sie erst eine.
addresses-no-mail = Dieser Server verschickt keine Mail und kann darum keine weitere Adresse bestätigen. Fragen Sie, wer ihn betreibt.
addresses-fault-own = Diese Adresse gehört schon zu Ihrem Konto.
addresses-asked = Ein Link ist unterwegs an { $address }. Öffnen Sie ihn innerhalb einer Stunde in einem Browser, in dem Sie angemeldet sind. Nichts angekommen? Prüfen Sie die Adresse und sehen Sie im Spam-Ordner nach.
addresses-confirmed = Die Adresse ist bestätigt.
addresses-removed = Die Adresse ist aus Ihrem Konto entfernt.
addresses-primary-changed = Ihr Konto hat jetzt eine andere Hauptadresse.
addresses-nothing = Es gab nichts zu ändern.
addresses-declared = Es wurde nichts geändert: Ihr Konto steht in den Einstellungen dieses Servers, und Ihre Adressen bleiben bestehen. Sie können eine hinzufügen und eine bestätigte zur Hauptadresse machen.
addresses-refused = Es wurde nichts geändert: Die Hauptadresse lässt sich nicht entfernen, und nur eine bestätigte Adresse kann Hauptadresse werden.
address-confirm-title = Diese Adresse bestätigen?
address-confirm-what = Sie wird eine der Adressen Ihres Kontos: Sie können sich damit anmelden, und was Ihr Konto betrifft, geht auch dorthin.
address-confirm-submit = Adresse bestätigen
address-confirm-gone = Er gilt einmal, eine Stunde lang, und nur für das Konto, das ihn angefordert hat. Vielleicht sind Sie mit einem anderen angemeldet? Es wurde nichts geändert.
address-confirm-taken-title = Diese Adresse ist vergeben
address-confirm-taken = Seit der Link verschickt wurde, ist sie Teil eines anderen Kontos geworden. Es wurde nichts geändert.
address-confirm-full-title = Dafür ist kein Platz
address-confirm-back = Zu Ihren Adressen

## Profil
profile-title = Profil
profile-intro = Wie Anwendungen und Mails Sie nennen.
profile-language = Sprache der Mails
profile-language-own = Deutsch
profile-language-hint = Die Seiten folgen der Sprache Ihres Browsers.
profile-submit = Speichern
profile-changed = Ihr Profil ist gespeichert.
profile-leave = Sie wollen gehen?
profile-leave-what = Sie können Ihr Konto löschen, mit allem darin.

## Abschied
delete-title = Konto löschen
delete-intro = Wenn Sie fortfahren, sofort und endgültig:
delete-devices =
    { $count ->
        [one] { $count } Gerät wird abgemeldet: dieses.
       *[other] { $count } Geräte werden abgemeldet, auch dieses.
    }
delete-addresses =
    { $count ->
        [one] { $count } Adresse gehört niemandem mehr.
       *[other] { $count } Adressen gehören niemandem mehr.
    }
delete-last-mail = Das bestätigt eine letzte Mail dorthin.
delete-erased = Ihr Name, Ihre Angaben, Ihr Passwort und die Geräte, die Ihr Konto kennt, werden gelöscht.
delete-kept = Die Aufzeichnung dessen, was geschah, bleibt für die Betreiber dieses Servers, ohne Ihre Adressen und ohne die Orte, von denen Sie kamen.
delete-final = Das lässt sich nicht rückgängig machen.
delete-submit = Mein Konto löschen
delete-stay = Mein Konto behalten
delete-declared = Ihr Konto steht in den Einstellungen dieses Servers: Löschen kann es nur, wer den Server betreibt. Es wurde nichts geändert.
delete-only-administrator = Sie verwalten diesen Server allein: Ohne Sie könnte es niemand mehr. Geben Sie erst jemand anderem die Verwaltung. Es wurde nichts geändert.
deleted-title = Ihr Konto ist gelöscht
deleted-what =
    { $count ->
        [one] { $count } Gerät ist abgemeldet, und alles in dem Konto ist gelöscht.
       *[other] { $count } Geräte sind abgemeldet, und alles in dem Konto ist gelöscht.
    }
deleted-mail = Das bestätigt eine letzte Mail an jede seiner Adressen.

## Verlauf
activity-title = Verlauf
activity-intro = Was mit Ihrem Konto zuletzt geschah.
activity-empty = Noch nichts. Anmeldungen, Abmeldungen und Änderungen erscheinen hier.
activity-older = Ältere
activity-newest = Neueste
activity-strange = Etwas davon waren nicht Sie?
activity-change-password = Passwort ändern
happening-created = Konto angelegt
happening-signed-in = Angemeldet
happening-signed-in-new = Auf einem neuen Gerät angemeldet
happening-failed = Anmeldung abgewiesen: falsches Passwort
happening-refused = Anmeldung abgewiesen
happening-confirmation-failed = Bestätigung des Passworts abgewiesen
happening-signed-out = Abgemeldet
happening-expired = Von selbst abgemeldet, durch Zeitablauf
happening-displaced = Von selbst abgemeldet, das am längsten ungenutzte Gerät: zu viele waren angemeldet
happening-ended-by-mail = Eine Anmeldung durch den Link in einer Mail beendet, hier geöffnet
happening-everywhere-ended = Überall abgemeldet
happening-device-ended = Ein anderes Gerät abgemeldet
happening-others-ended =
    { $count ->
        [one] { $count } anderes Gerät abgemeldet
       *[other] { $count } andere Geräte abgemeldet
    }
happening-all-others-ended = Alle anderen Geräte abgemeldet
happening-ended-by-administrator = Von der Verwaltung abgemeldet
happening-confirmed = Passwort bestätigt
happening-password-changed = Passwort geändert
happening-disabled = Konto von der Verwaltung gesperrt
happening-enabled = Konto von der Verwaltung freigegeben
happening-profile-changed = Profil geändert
happening-address-asked = Einen Link angefordert, der eine Adresse bestätigt
happening-address-added = { $address } hinzugefügt
happening-address-verified = { $address } bestätigt
happening-address-removed = { $address } entfernt
happening-primary-changed = { $address } zur Hauptadresse gemacht
happening-some-address = (gelöscht)
happening-recovery-asked = Jemand hat einen Link für ein neues Passwort angefordert
happening-recovery-sent = Ein Link für ein neues Passwort wurde verschickt
happening-recovery-offered = Die Verwaltung hat einen Link für ein neues Passwort verschickt
happening-code-refused = Ein falscher Code für ein neues Passwort wurde eingegeben
happening-password-reset = Neues Passwort durch einen Link in einer Mail gesetzt; alle Geräte wurden abgemeldet
happening-password-disabled = Das Passwort gilt nicht mehr: zu viele falsche hintereinander
happening-mail-given-up = Eine Mail an Sie ließ sich nicht zustellen
happening-slowed = Zu viele falsche Passwörter: weitere müssen warten
happening-mail-slowed = Zu viele Mails angefordert: weitere müssen warten
happening-attacked = Jemand versucht immer wieder, Ihr Passwort zu erraten

## Zeiten
date-today = heute { $time } UTC
date-yesterday = gestern { $time } UTC
date-day = { $day }. { $month }
date-day-year = { $day }. { $month } { $year }
date-moment = { $date }, { $time } UTC
date-month =
    { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    }
date-minutes-ago =
    { $count ->
        [one] vor { $count } Minute
       *[other] vor { $count } Minuten
    }
date-hours-ago =
    { $count ->
        [one] vor { $count } Stunde
       *[other] vor { $count } Stunden
    }
date-days-ago =
    { $count ->
        [one] vor { $count } Tag
       *[other] vor { $count } Tagen
    }
date-in-minutes =
    { $count ->
        [one] in { $count } Minute
       *[other] in { $count } Minuten
    }
date-in-hours =
    { $count ->
        [one] in { $count } Stunde
       *[other] in { $count } Stunden
    }
date-in-days =
    { $count ->
        [one] in { $count } Tag
       *[other] in { $count } Tagen
    }

## Fehler: Titel, was geschah, was zu tun ist
error-status = Fehler
error-id = Kennung
error-start = Zu Ihrem Konto
error-back = Zurück
error-again = Noch einmal versuchen
error-400 = Das war nicht zu lesen
error-400-what = In der Anfrage fehlte etwas, stand doppelt da oder war verstümmelt. Es wurde nichts geändert.
error-400-do = Gehen Sie zurück, öffnen Sie die Seite neu und versuchen Sie es noch einmal.
error-form = Diese Seite ist abgelaufen
error-form-what = Das Formular war zu alt oder kam aus einem anderen Browser oder von einer anderen Seite. Zu Ihrem Schutz wurde nichts geändert.
error-form-do = Öffnen Sie die Seite neu und versuchen Sie es noch einmal. Wenn Sie angemeldet waren, sind Sie es noch.
error-setup-used = Die Einrichtung ist schon erledigt
error-setup-used-what = Der Link ist verbraucht, und das Verwaltungskonto gibt es.
error-setup-used-do = Wenn Sie das waren, melden Sie sich an. Wenn nicht, halten Sie den Server an und gehen Sie der Sache nach.
error-setup-expired = Dieser Link zur Einrichtung gilt nicht
error-setup-expired-what = Der Link zur Einrichtung gilt eine Stunde und nur bis zum nächsten Start des Servers. Dieser ist zu alt oder unvollständig.
error-setup-expired-do = Starten Sie den Server neu; er zeigt dann einen neuen Link.
error-404 = Hier ist nichts
error-404-what = Diese Seite gibt es nicht oder nicht mehr.
error-404-do = Prüfen Sie die Adresse, oder gehen Sie von Ihrem Konto aus weiter.
error-405 = Das geht hier nicht
error-405-what = Diese Adresse gibt es, aber nicht für diese Art von Anfrage. Es wurde nichts geändert.
error-405-do = Öffnen Sie die Seite im Browser und benutzen Sie, was sie anbietet.
error-413 = Das ist zu viel auf einmal
error-413-what = Was gesendet wurde, ist größer, als diese Seite annimmt. Es wurde nichts geändert.
error-413-do = Gehen Sie zurück und senden Sie weniger.
error-415 = Das wird hier nicht verstanden
error-415-what = Was gesendet wurde, ist von einer Art, die diese Seite nicht versteht. Es wurde nichts geändert.
error-415-do = Öffnen Sie die Seite im Browser und benutzen Sie ihr eigenes Formular.
error-421 = Dieser Server heißt anders
error-421-what = Er hört nicht auf den Namen in der Adresszeile Ihres Browsers.
error-421-do = Prüfen Sie die Adresse. Wenn Sie diesen Server betreiben, setzen Sie seinen Issuer auf diesen Namen, oder tragen Sie die Anwendung ein.
error-431 = Ihr Browser hat zu viel mitgeschickt
error-431-what = Die Cookies zu dieser Adresse sind zu groß geworden, um gelesen zu werden. Es wurde nichts geändert.
error-431-do = Löschen Sie in Ihrem Browser die Cookies dieser Adresse und versuchen Sie es dann noch einmal.
error-500 = Bei uns ist etwas kaputtgegangen
error-500-what = Das lag nicht an Ihnen. Was bestätigt war, bleibt, und wenn Sie angemeldet waren, sind Sie es noch.
error-500-do = Versuchen Sie es noch einmal. Wenn es wieder geschieht, nennen Sie denen, die diesen Server betreiben, die Kennung unten.
error-503 = Gerade nicht möglich
error-503-what = Der Server kann das im Augenblick nicht. Nichts Bestätigtes ist verloren, und wenn Sie angemeldet waren, sind Sie es noch.
error-503-do = Warten Sie einen Moment und versuchen Sie es noch einmal. Wenn es anhält, nennen Sie denen, die diesen Server betreiben, die Kennung unten.
error-unstored = Fast abgemeldet
error-unstored-what = Hier sind Sie schon ausgesperrt, doch der Server konnte das nicht festhalten. Würde er jetzt neu gestartet, wüsste er es nicht mehr.
error-unstored-do = Versuchen Sie es gleich noch einmal: Kommt diese Seite nicht wieder, ist es sicher.

## Orte in Worten: wo ein Gerät war
place-this-machine = der Rechner, auf dem dieser Server läuft
place-local-network = ein lokales Netz
place-city = { $city }, { $country }

## Briefe: Betreff und Überschrift, was geschah, was zu tun ist
letter-subject = { $title } · { $brand }
letter-copy = Wenn der Knopf nicht geht, öffnen Sie diese Adresse:
letter-fact-when = Wann
letter-fact-device = Gerät
letter-fact-place = Ort
letter-fact-address = Netzadresse
letter-until = Der Link gilt einmal, bis { $when }.
letter-why-entered = Sie bekommen diese Mail, weil diese Adresse bei { $site } eingegeben wurde.
letter-why-account = Sie bekommen diese Mail, weil diese Adresse zu Ihrem Konto bei { $site } gehört. Solche Mails lassen sich nicht abstellen: An ihnen merken Sie, was Sie nicht selbst getan haben.
letter-why-former = Sie bekommen diese Mail, weil diese Adresse zu einem Konto bei { $site } gehört hat.
letter-why-administrator = Sie bekommen diese Mail, weil die Verwaltung von { $site } diese Adresse eingetragen hat.
letter-recover = Neues Passwort setzen
letter-recover-strange = Wenn Sie das nicht waren, setzen Sie jetzt ein neues Passwort. Das meldet alle Geräte ab.
letter-register-title = Ihr Konto ist fast fertig
letter-register-what = Jemand, hoffentlich Sie, möchte mit dieser Adresse ein Konto bei { $brand }. Es entsteht, sobald Sie ein Passwort gewählt haben.
letter-register-go = Passwort wählen
letter-register-strange = Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ohne den Link entsteht kein Konto.
letter-registered-title = Sie haben schon ein Konto
letter-registered-what = Jemand, hoffentlich Sie, möchte mit dieser Adresse ein Konto bei { $brand }. Es gibt schon eines, darum wurde nichts angelegt.
letter-registered-go = Anmelden
letter-registered-forgot = Wenn Sie das Passwort vergessen haben, setzen Sie ein neues:
letter-registered-strange = Wenn Sie das nicht waren, brauchen Sie nichts zu tun. Wer immer es war, hat nicht erfahren, dass es ein Konto gibt.
letter-invitation-title = Sie sind eingeladen
letter-invitation-what = Sie sind eingeladen, ein Konto bei { $brand } zu haben. Es entsteht, sobald Sie ein Passwort gewählt haben.
letter-invitation-strange = Wenn Sie das nicht erwartet haben, brauchen Sie nichts zu tun: Ohne den Link entsteht kein Konto.
letter-address-title = Ist das Ihre Adresse?
letter-address-what = Ein Konto bei { $brand } soll diese Adresse bekommen. Wenn es Ihres ist, öffnen Sie den Link in einem Browser, in dem Sie angemeldet sind.
letter-address-go = Adresse bestätigen
letter-address-strange = Wenn nicht, brauchen Sie nichts zu tun: Ohne den Link kommt die Adresse nicht in jenes Konto.
letter-in-use-title = Diese Adresse gehört schon zu Ihrem Konto
letter-in-use-what = Jemand wollte diese Adresse einem anderen Konto bei { $brand } hinzufügen. Sie gehört zu Ihrem, darum wurde nichts geändert.
letter-in-use-do = Wenn Sie das waren, entfernen Sie die Adresse zuerst aus Ihrem Konto. Wenn nicht, brauchen Sie nichts zu tun: Wer immer es war, hat nicht erfahren, dass es ein Konto gibt.
letter-recover-title = Neues Passwort setzen
letter-recover-what = Jemand, hoffentlich Sie, möchte ein neues Passwort für Ihr Konto bei { $brand } setzen.
letter-recover-offered = Die Verwaltung von { $brand } bittet Sie, ein neues Passwort für Ihr Konto zu setzen.
letter-recover-then = Das meldet alle Geräte ab. Danach melden Sie sich mit dem neuen Passwort an.
letter-recover-code = In einem anderen Browser als dem, in dem Sie den Link angefordert haben, verlangt er auch den Code, der dort steht.
letter-recover-unasked = Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ohne den Link ändert niemand Ihr Passwort. Geben Sie weder den Link noch einen Code weiter.
letter-no-account-title = Zu dieser Adresse gibt es kein Konto
letter-no-account-what = Jemand, hoffentlich Sie, wollte bei { $brand } ein neues Passwort für diese Adresse setzen. Ein Konto mit ihr gibt es nicht. Vielleicht hat Ihres eine andere?
letter-no-account-strange = Wenn Sie das nicht waren, brauchen Sie nichts zu tun.
letter-login-title = Neue Anmeldung in Ihrem Konto
letter-login-what = Jemand hat sich in Ihrem Konto bei { $brand } angemeldet.
letter-login-new-device = Von diesem Gerät aus hat sich bisher niemand in Ihrem Konto angemeldet.
letter-login-after-failures = Kurz davor kamen mehrere falsche Passwörter.
letter-login-long-silence = Davor hatte sich lange niemand angemeldet.
letter-login-yours = Wenn Sie das waren, brauchen Sie nichts zu tun.
letter-login-strange = Wenn nicht, beenden Sie diese Anmeldung, und setzen Sie danach ein neues Passwort.
letter-login-go = Diese Anmeldung beenden
letter-changed-title = Ihr Passwort wurde geändert
letter-changed-what = Das Passwort Ihres Kontos bei { $brand } wurde geändert.
letter-reset-title = Ihr Passwort wurde neu gesetzt
letter-reset-what = Das Passwort Ihres Kontos bei { $brand } wurde über einen Link in einer Mail neu gesetzt. Alle Geräte sind abgemeldet.
letter-reset-strange = Wenn Sie das nicht waren, liest jemand Ihre Mail mit. Sichern Sie zuerst Ihr Postfach, und setzen Sie dann ein neues Passwort.
letter-disabled-title = Ihr Passwort gilt nicht mehr
letter-disabled-what = Zu viele falsche Passwörter hintereinander wurden für Ihr Konto bei { $brand } eingegeben. Damit niemand weiter rät, gilt das Passwort nicht mehr, bis Sie ein neues setzen. Wo Sie angemeldet sind, bleiben Sie es.
letter-disabled-last = Das letzte davon kam von hier:
letter-added-title = Ihr Konto hat eine weitere Adresse
letter-added-what = { $address } gehört von jetzt an zu Ihrem Konto bei { $brand }.
letter-removed-title = Eine Adresse wurde aus Ihrem Konto entfernt
letter-removed-what = { $address } gehört nicht mehr zu Ihrem Konto bei { $brand }.
letter-primary-title = Ihr Konto hat eine andere Hauptadresse
letter-primary-what = Bisher war die Hauptadresse Ihres Kontos bei { $brand } { $before }; jetzt ist sie { $after }.
letter-deleted-title = Ihr Konto wurde gelöscht
letter-deleted-what = Ihr Konto bei { $brand } wurde am { $when } gelöscht, mit allem darin. Das lässt sich nicht rückgängig machen, und dies ist die letzte Mail an Sie.
letter-deleted-strange = Wenn Sie das nicht waren, wenden Sie sich an die Verwaltung von { $site }.
letter-test-title = Mail kommt an
letter-test-what = Die Verwaltung von { $brand } wollte wissen, ob ihre Mail ankommt. Sie kommt an.

## Registrierung
register-title = Konto anlegen
register-intro = Wir schicken Ihnen eine Mail. Mit dem Link darin stellen Sie Ihr Konto fertig.
register-submit = Mail schicken
register-known = Sie haben schon ein Konto?
register-asked-what = Wir haben Ihnen eine Mail geschickt. Wenn es mit dieser Adresse noch kein Konto gibt, stellen Sie Ihres mit dem Link darin fertig; er gilt eine Stunde.
register-finish-title = Passwort wählen
register-finish-intro = Dann gibt es Ihr Konto, und Sie sind angemeldet.
register-finish-invited = Sie sind eingeladen. Wählen Sie ein Passwort, und es gibt Ihr Konto.
register-finish-submit = Konto anlegen
asked-title = Sehen Sie in Ihr Postfach
asked-nothing = Nichts da? Es kann ein paar Minuten dauern. Sehen Sie auch im Spam-Ordner nach, und prüfen Sie die Adresse oben.
asked-again = Andere Adresse
mail-fault-throttled = Das wurde zu oft angefordert. Bitte warten Sie; Sie können es { $when } wieder versuchen.
name-fault-missing = Bitte geben Sie Ihren Namen ein.
answer-fault-missing = Bitte füllen Sie das aus.
answer-fault-malformed = Das ist zu lang oder enthält Zeichen, die sich nicht anzeigen lassen.
terms-accept = Ich stimme den Nutzungsbedingungen zu.
terms-link = Nutzungsbedingungen lesen (neuer Tab)
terms-fault = Ohne Zustimmung zu den Nutzungsbedingungen gibt es kein Konto.

## Passwort vergessen
login-forgot = Passwort vergessen?
login-new = Neu hier?
login-create = Konto anlegen
login-fault-throttled = Zu viele Versuche. Dieser wurde nicht geprüft; Sie können es { $when } wieder versuchen.
login-notice-password-set = Ihr neues Passwort ist gesetzt, und alle Geräte sind abgemeldet. Melden Sie sich damit an.
security-fault-throttled = Zu viele Versuche. Dieser wurde nicht geprüft; Sie können es { $when } wieder versuchen.
recover-title = Neues Passwort setzen
recover-intro = Wir schicken Ihnen eine Mail. Mit dem Link darin setzen Sie ein neues Passwort.
recover-submit = Mail schicken
recover-known = Doch wieder eingefallen?
recover-asked-what = Wir haben Ihnen eine Mail geschickt. Wenn es mit dieser Adresse ein Konto gibt, setzen Sie mit dem Link darin ein neues Passwort; er gilt eine halbe Stunde.
recover-code-label = Wenn Sie die Mail auf einem anderen Gerät oder in einem anderen Browser öffnen, verlangt sie diesen Code:
recover-code-warning = Geben Sie ihn nur dort ein und verraten Sie ihn niemandem: Wer danach fragt, meint es nicht gut.
recover-finish-title = Neues Passwort setzen
recover-finish-intro = Das meldet alle Geräte ab. Danach melden Sie sich mit dem neuen Passwort an.
recover-finish-submit = Passwort setzen
recover-done-title = Das neue Passwort ist gesetzt
recover-done-what = Alle Geräte jenes Kontos sind abgemeldet. In diesem Browser sind Sie weiter mit einem anderen angemeldet.
recover-done-then = Um sich hier mit dem neuen Passwort anzumelden, melden Sie sich zuerst ab.
code-label = Code
code-hint = Acht Ziffern, auf der Seite, auf der Sie die Mail angefordert haben.
code-fault-missing = Sie haben die Mail in einem anderen Browser angefordert. Bitte geben Sie den Code ein, der dort steht.
code-fault-wrong = Das ist nicht der Code. Nach fünf falschen gilt der Link nicht mehr.
end-login-title = Diese Anmeldung beenden?
end-login-what = Die Mail hat Ihnen von einer Anmeldung in Ihrem Konto berichtet. Wenn Sie das nicht waren, beenden Sie sie hier. Ihre anderen Anmeldungen bleiben.
end-login-submit = Diese Anmeldung beenden
end-login-done-title = Diese Anmeldung ist beendet
end-login-done-what = Wer immer es war, ist beim nächsten Klick ausgesperrt.
end-login-already = Sie war schon beendet.
end-login-then = Ihr Passwort ist dort bekannt; setzen Sie darum jetzt ein neues.

## Mail in der Entwicklung
dev-mail-title = Mail, die nicht verschickt wurde
dev-mail-intro = Es ist kein Mailserver eingestellt, darum enden Briefe hier. Nur die letzten werden aufgehoben, und nur, solange der Server läuft.
dev-mail-empty = Noch nichts. Was der Server verschicken würde, erscheint hier.
dev-mail-html = Als HTML
dev-mail-back = Alle Briefe

## Weitere Fehler
error-401 = Das passt nicht zusammen
error-401-what = Diese Adresse und dieses Passwort passen nicht zusammen.
error-401-do = Prüfen Sie beides, und versuchen Sie es noch einmal.
error-409 = Mit dieser Adresse gibt es inzwischen ein Konto
error-409-what = Seit die Mail verschickt wurde, ist mit ihrer Adresse ein Konto angelegt worden.
error-409-do = Melden Sie sich an, oder setzen Sie ein neues Passwort, wenn Sie keines wissen.
error-link = Dieser Link gilt nicht mehr
error-link-what = Ein Link aus einer Mail gilt einmal und nicht lange. Dieser ist verbraucht, zu alt, unvollständig oder von etwas Neuerem abgelöst. Es wurde nichts geändert.
error-link-do = Fordern Sie einen neuen an.
error-429 = Zu viel auf einmal
error-429-what = Das wurde zu oft versucht. Es wurde nicht geprüft und nichts geändert.
error-429-do = Bitte warten Sie; Sie können es { $when } wieder versuchen.
error-closed = Hier können Sie kein Konto anlegen
error-closed-what = Konten legt die Verwaltung dieses Servers an.
error-closed-do = Wenn Sie eines haben sollten, fragen Sie dort. Wenn Sie eines haben, melden Sie sich an.
error-invited = Nur auf Einladung
error-invited-what = Ein Konto entsteht über den Link in einer Einladung.
error-invited-do = Bitten Sie die Verwaltung dieses Servers um eine. Wenn Sie ein Konto haben, melden Sie sich an.
error-recover = Nicht per Mail
error-recover-what = Dieser Server verschickt keine Mail und darum auch keinen Link für ein neues Passwort.
error-recover-do = Bitten Sie die Verwaltung dieses Servers um Hilfe.
error-sign-in = Anmelden

# Der Handschlag mit Anwendungen.
go-on-title = Sie sind angemeldet
go-on-to = Weiter zu { $place }
app-back = Zurück zu { $place }
app-signed-out-title = Sie sind bei { $place } nicht angemeldet
app-signed-out-what = Dieses Gerät kann anderswo noch angemeldet sein. Wer sich dort abmeldet, beendet alles.
app-signed-out-go = Nachsehen und abmelden
app-logout-what = Das beendet Ihre Sitzung auf diesem Gerät: hier und in jeder anderen Anwendung. Ihre anderen Geräte bleiben angemeldet.
not-sent-title = Es wurde nichts gesendet
not-sent-what = Sie waren nicht mehr angemeldet, als Ihr Formular ankam. Es wurde nicht weitergegeben und wird auch später nicht von selbst gesendet.
not-sent-do = Gehen Sie zur Seite zurück, melden Sie sich an und senden Sie es noch einmal. Zeigt die Zurück-Taste noch, was Sie geschrieben haben, kopieren Sie es vorher.
not-sent-on = Zur Seite gehen und anmelden
error-not-a-page = Das öffnet sich nur als eigene Seite
error-not-a-page-what = Anmelden geht nicht innerhalb einer anderen Seite und nicht im Voraus. Es wurde nichts geändert.
error-not-a-page-do = Öffnen Sie die Anwendung in einem eigenen Fenster.
error-unknown-application = Diese Anwendung ist hier nicht bekannt
error-unknown-application-what = Sie wurden hierher geschickt, um sich bei einer Anwendung anzumelden, aber unter deren Adresse ist keine eingetragen.
error-unknown-application-do = Wenn Sie diesen Server betreiben, tragen Sie die Anwendung mit genau dieser Adresse ein. Sonst sagen Sie es denen, die ihn betreiben.
error-elsewhere = Dieser Link gehört zu einem anderen Browser
error-elsewhere-what = Die Anmeldung begann in einem anderen Browser. Der Link gilt nur dort und ist jetzt verbraucht. Hier wurde niemand angemeldet.
error-elsewhere-do = Hat Ihnen jemand diesen Link geschickt, so trauen Sie ihm nicht. Um die Anwendung zu benutzen, melden Sie sich neu an.
error-no-cookie = Ihr Browser hat ein Cookie nicht behalten
error-no-cookie-what = Die Anmeldung bei dieser Anwendung braucht ein Cookie dieser Adresse, und es kam nicht zurück. Oder Sie haben einen Link geöffnet, der zu einem anderen Browser gehört. Hier wurde niemand angemeldet.
error-no-cookie-do = Erlauben Sie Cookies für diese Adresse und melden Sie sich neu an. Hat Ihnen jemand diesen Link geschickt, so trauen Sie ihm nicht.
error-code-gone = Dieser Schritt ist abgelaufen
error-code-gone-what = Der Rückweg von der Anmeldung gilt einmal und nur einige Sekunden. Durch ihn wurde niemand angemeldet.
error-code-gone-do = Melden Sie sich neu an: Wenn Sie schon angemeldet sind, braucht das kein Passwort.
error-loop = Die Anmeldung dreht sich im Kreis
error-loop-what = Sie sind angemeldet, aber der Server vor dieser Anwendung merkt es nicht.
error-loop-do = Sagen Sie es denen, die ihn betreiben: Der Proxy muss den Cookie-Header mitgeben, wenn er /verify fragt.

### Konsole: Personen, Anwendungen, Einstellungen
console-go-on = Weiter
copy-submit = Kopieren
copy-done = Kopiert
people-count =
    { $count ->
        [one] { $shown } Konto
       *[other] { $shown } Konten
    }
people-add = Person hinzufügen
people-text = Adresse oder Name
people-status = Zustand
people-status-active = Darf sich anmelden
people-status-disabled = Gesperrt
people-role = Rolle
people-everybody = Alle zeigen
people-none = Darauf passt niemand. Nehmen Sie eine der Bedingungen weg.
people-none-yet = Bisher passt niemand. Die Liste ist lang: Suchen Sie weiter.
people-empty = Noch hat niemand ein Konto. Fügen Sie die erste Person hinzu.
people-disabled = gesperrt
people-made = seit { $when }
people-first = Zum Anfang
people-more = Weitersuchen
person-own = Sie
person-declared = Dieses Konto steht in der Einstellungsdatei. Rollen und Zustand, die Sie hier ändern, gelten sofort und so lange, bis der Server die Datei wieder liest.
person-account = Konto
person-made = Angelegt { $when }
person-last-login = zuletzt angemeldet { $when }
person-never-signed-in = nie angemeldet
person-has-password = hat ein Passwort
person-no-password = hat noch kein Passwort
person-live = Angemeldet: { $what }.
person-not-live = Nirgends angemeldet.
person-sessions = Zeigen
person-roles = Rollen
person-roles-label = Rollen
person-roles-hint = Namen mit Leerzeichen dazwischen. Sie gelten ab der nächsten Anfrage.
person-roles-known = Es gibt: { $list }.
person-roles-fault = Der Name einer Rolle hat nur Kleinbuchstaben a bis z, Ziffern, _ und -. Setzen Sie zwischen zwei Rollen ein Leerzeichen.
person-roles-submit = Rollen setzen
person-acts = Was sich tun lässt
person-acts-what = Sie sehen vorher, was geschehen wird. Ein Passwort sieht und wählt niemand außer der Person selbst.
person-recover = Link zum Setzen eines Passworts
person-end = Überall abmelden
person-enable = Entsperren
person-disable = Sperren
person-delete = Konto löschen
person-leave = Verwaltung abgeben
person-events-none = Es ist noch nichts geschehen.
person-trail = Alles im Prüfprotokoll
person-add-intro = Das Passwort wählt die Person selbst, über einen Link. Niemand sonst bekommt es zu sehen.
person-how = Wie
person-how-invite = Einladen
person-how-invite-what = Die Person bestätigt die Adresse, wählt Namen und Passwort, und erst dann entsteht das Konto. Der Link gilt eine Woche.
person-how-now = Konto jetzt anlegen
person-how-now-what = Es besteht sofort, mit diesen Rollen, und die Person bekommt einen Link, um das Passwort zu setzen.
person-add-mails = Der Link geht per E-Mail an die Adresse.
person-add-by-hand = Von hier aus lässt sich keine E-Mail senden: Die nächste Seite zeigt den Link, ein einziges Mal, damit Sie ihn weitergeben.
person-add-submit = Hinzufügen
person-fault-taken = Mit dieser Adresse gibt es schon ein Konto.
person-link-invites = Einladung
person-link-recovers = Link zum Setzen eines Passworts
person-link-what = Geben Sie das so an { $address } weiter, dass es sonst niemand liest. Es gilt einmal, bis { $when }.
person-link-once = Er wird nur dieses eine Mal gezeigt. Wer ihn hat, kann das Passwort wählen.
person-done-made = Das Konto ist angelegt. Eine E-Mail mit dem Link zum Setzen des Passworts ist unterwegs.
person-done-invited = Die Einladung ist unterwegs.
person-done-roles = Die Rollen sind gesetzt und gelten ab der nächsten Anfrage.
person-done-nothing = Das war schon so. Es wurde nichts geändert.
person-done-ended =
    { $count ->
        [0] Es war nichts mehr zu beenden.
        [one] Auf 1 Gerät abgemeldet.
       *[other] Auf { $count } Geräten abgemeldet.
    }
person-done-disabled =
    { $count ->
        [0] Gesperrt. Kein Gerät war angemeldet.
        [one] Gesperrt und auf 1 Gerät abgemeldet.
       *[other] Gesperrt und auf { $count } Geräten abgemeldet.
    }
person-done-enabled = Entsperrt. Was beendet war, bleibt beendet.
person-done-deleted =
    { $count ->
        [0] Das Konto ist gelöscht. Kein Gerät war angemeldet.
        [one] Das Konto ist gelöscht und auf 1 Gerät abgemeldet.
       *[other] Das Konto ist gelöscht und auf { $count } Geräten abgemeldet.
    }
person-done-link = Eine E-Mail mit dem Link zum Setzen des Passworts ist unterwegs.
person-last-administrator = Das ist das einzige Konto, das verwaltet, und ohne eines verwaltet niemand mehr. Geben Sie zuerst jemand anderem die Rolle admin. Es wurde nichts geändert.
person-declared-refused = Dieses Konto steht in der Einstellungsdatei, die es wieder anlegen würde. Nehmen Sie es zuerst dort heraus. Es wurde nichts geändert.
person-oneself = Das ist Ihr eigenes Konto: Das kann jemand anderes aus der Verwaltung tun, damit immer jemand verwaltet. Es wurde nichts geändert.
person-not-while-disabled = Ein gesperrtes Konto kann kein Passwort setzen. Entsperren Sie es zuerst. Es wurde nichts gesendet.
person-will-end = { $person } wird ab dem nächsten Klick überall abgemeldet.
person-will-end-own = Sie werden überall abgemeldet, auch hier.
person-will-disable = { $person } wird überall abgemeldet und kann sich nicht anmelden, bis das Konto wieder entsperrt ist.
person-will-enable = { $person } darf sich wieder anmelden. Was beendet war, bleibt beendet.
person-will-delete = Das Konto von { $person } und alles Persönliche darin wird gelöscht. Es lässt sich nicht zurückholen; das Prüfprotokoll behält, was geschehen ist, ohne Namen und Adresse.
person-will-recover-mail = { $person } bekommt eine E-Mail mit einem Link zum Setzen eines Passworts. Das alte gilt, bis ein neues gesetzt ist.
person-will-recover-hand = Die nächste Seite zeigt einen Link, mit dem { $person } ein Passwort setzt. Wer ihn hat, kann das Passwort wählen.
person-will-roles = { $person } hat dann genau diese Rollen: { $roles }.
person-will-no-roles = { $person } hat dann keine Rolle mehr.
person-will-leave = Sie geben die Rolle admin ab: Ab dem nächsten Klick ist Ihnen die Verwaltung verschlossen, und nur jemand anderes aus der Verwaltung kann sie Ihnen zurückgeben.
person-will-invite = { $person } wird eingeladen, ein Konto anzulegen.
person-will-make = Für { $person } wird ein Konto angelegt.
person-ends = Das beendet { $what }.
applications-intro = Was durch diese Tür erreicht wird, jede Anwendung unter einem eigenen Host.
applications-empty = Noch ist keine Anwendung bekannt. Fügen Sie die erste hinzu: Sie braucht einen Namen, eine Adresse und Ihren Proxy.
application-add = Anwendung hinzufügen
application-declared = in der Einstellungsdatei
application-declared-what = Diese Anwendung steht in der Einstellungsdatei und wird dort geändert.
application-declared-refused = Diese Anwendung steht in der Einstellungsdatei. Nehmen Sie sie dort heraus und lassen Sie den Server sie neu lesen. Es wurde nichts geändert.
application-added = Die Anwendung ist jetzt bekannt.
application-removed = Die Anwendung ist entfernt. Keines ihrer Cookies ist noch etwas wert.
application-made = Bekannt seit { $when }
application-what = Was sie ist
application-connect = Proxy einrichten
application-asks = Wer hineindarf
application-asks-nothing = Alle, angemeldet oder nicht
application-asks-login = Alle, die angemeldet sind
application-asks-roles = Wer eine dieser Rollen hat: { $roles }
application-asks-acr = eine Anmeldung von mindestens { $acr }
application-allows-cross-site = andere Websites dürfen senden, was etwas ändert
application-allows-preflight = CORS-Voranfragen gehen durch
application-no-rules = Das gilt für jeden Pfad.
application-rules = Außer für manche Pfade; die erste Regel, die passt, zählt
application-rules-count =
    { $count ->
        [one] { $count } Regel für manche Pfade
       *[other] { $count } Regeln für manche Pfade
    }
application-all-paths = jeder Pfad
application-acts = Was sich tun lässt
application-remove = Anwendung entfernen
application-rotate = Neues Geheimnis
application-rotate-now = Neues Geheimnis, das alte endet sofort
application-secret = Ihr Geheimnis
application-secret-what = Mit Client-ID und Geheimnis weist sich der Server der Anwendung gegenüber Vestibule aus, um Daten unter den Sitzungen der Leute abzulegen.
application-will-add = { $application } wird bekannt gemacht.
application-will-remove =
    { $count ->
        [one] { $application } wird entfernt. Alle sind dort sofort abgemeldet, und ihr Proxy wird unter dieser 1 Adresse abgewiesen. Was sie unter den Sitzungen der Leute ablegt, wird gelöscht. Hier bleiben die Leute angemeldet.
       *[other] { $application } wird entfernt. Alle sind dort sofort abgemeldet, und ihr Proxy wird unter allen { $count } Adressen abgewiesen. Was sie unter den Sitzungen der Leute ablegt, wird gelöscht. Hier bleiben die Leute angemeldet.
    }
application-will-rotate = { $application } bekommt ein neues Geheimnis, das einmal gezeigt wird. Das jetzige gilt bis zum nächsten neuen weiter, damit der Wechsel ohne Lücke gelingt.
application-will-rotate-now = { $application } bekommt ein neues Geheimnis, das einmal gezeigt wird. Jedes ältere endet sofort: Bis die Anwendung das neue hat, wird sie abgewiesen.
application-add-intro = Eine Anwendung hinter einem Reverse-Proxy. Sie braucht keine eigene Anmeldung: Der Proxy fragt Vestibule zu jeder Anfrage und sagt der Anwendung, wer fragt.
application-add-faults = Etwas muss anders sein: Es steht am Feld.
application-add-what = Was ist es?
application-title = Titel
application-title-hint = Was den Leuten gezeigt wird. Der Name, wenn hier nichts steht.
application-name = Name
application-name-hint = Wie Einstellungen und Proxys sie nennen: Kleinbuchstaben a bis z, Ziffern, _ und -. Er bleibt.
application-origins = Adresse
application-origins-hint = Wo Browser sie erreichen, etwa https://shop.example.com. Mehrere stehen in je einer Zeile.
application-add-who = Wer darf hinein?
application-who-anyone = Alle, die angemeldet sind
application-who-roles = Nur wer eine dieser Rollen hat
application-roles-hint = Namen mit Leerzeichen dazwischen. Für einzelne Pfade schreiben Sie Regeln in die Einstellungsdatei.
application-add-proxy = Welcher Proxy steht davor?
application-proxy-later = Die anderen können Sie später ansehen.
application-add-submit = Anwendung hinzufügen
application-fault-name = Ein Name hat nur Kleinbuchstaben a bis z, Ziffern, _ und -, höchstens 64 davon.
application-fault-name-taken = Eine andere Anwendung heißt so.
application-fault-origin-missing = Bitte sagen Sie, wo Browser sie erreichen.
application-fault-origin = { $origin } ist keine Adresse einer Anwendung. Sie ist nur Schema, Host und Port, etwa https://shop.example.com.
application-fault-https = { $origin } ist nicht auf dieser Maschine und braucht deshalb https.
application-fault-twice = { $origin } steht zweimal da.
application-fault-many = Höchstens { $most } Adressen.
application-fault-origin-taken = Unter { $origin } wird die Anwendung { $application } erreicht: Ein Host mit Port gehört einer Anwendung.
application-fault-issuer = { $origin } ist auf Vestibules eigenem Host und könnte sich deshalb als Kontoseite ausgeben. Geben Sie der Anwendung einen eigenen Host.
application-fault-roles = Bitte nennen Sie mindestens eine Rolle, oder lassen Sie alle hinein, die angemeldet sind.
application-fault-proxy = Bitte wählen Sie einen Proxy.
proxy-nginx = Der weit verbreitete Webserver. Er fragt mit seinem eigenen auth_request, ohne dass etwas zu installieren wäre.
proxy-haproxy = Der Lastverteiler. Er fragt mit einem kurzen Skript in seinem eigenen Lua.
proxy-apache = Der altbewährte Webserver. Er fragt mit einem kurzen Skript für mod_lua.
proxy-caddy = Holt sich seine Zertifikate selbst. Er fragt mit forward_auth.
proxy-traefik = Unter Containern zu Hause. Er fragt mit ForwardAuth.
proxy-envoy = In Meshes zu Hause. Er fragt mit ext_authz; seine Datei nimmt nur IPv4-Adressen.
connect-title = { $application } hinter { $proxy }
connect-now = Jetzt ihr Proxy.
connect-proxy = Proxy
connect-origin = Adresse der Anwendung
connect-application = Der Proxy erreicht die Anwendung unter
connect-vestibule = Der Proxy erreicht Vestibule unter
connect-from = Vestibule sieht den Proxy kommen von
connect-fill = Einsetzen
connect-fault-upstream = Hier stehen Host und Port, etwa 127.0.0.1:3000 oder app.internal:3000. Eine IPv6-Adresse geht hier nicht.
connect-fault-address = Die Datei dieses Proxys nimmt hier eine IPv4-Adresse, etwa 127.0.0.1:3000, und keinen Namen.
connect-fault-from = Hier steht eine IP-Adresse, etwa 127.0.0.1.
connect-step-settings = 1. Vestibules Einstellungen
connect-settings = Vestibule glaubt nur Proxys, die in seinen Einstellungen stehen, jedem mit den Headern, die er sendet. Schreiben Sie das in die Einstellungsdatei und lassen Sie den Server sie neu lesen (systemctl reload vestibule, oder SIGHUP).
connect-trusted = Dieser Proxy steht schon in Vestibules Einstellungen, mit den Headern, die er sendet.
connect-step-proxy = 2. Die Konfiguration des Proxys
connect-files = Das sind die Dateien, die Vestibules eigene Tests im echten Proxy laufen lassen, mit Ihren Werten darin. Was Sie außerdem zu besorgen haben: die Zertifikate unter den Pfaden, die dort stehen.
connect-save = Speichern als { $path }
connect-step-try = 3. Ausprobieren
connect-doctor = Das öffnet die Anwendung wie ein Browser, folgt ihr zur Anmeldung und sagt, wo es abbricht und warum.
connect-alone = Die Anwendung muss dort lauschen, wo nur der Proxy sie erreicht: Wer sie sonst erreicht, kann sich für jeden ausgeben.
connect-issuer-http = Vestibules eigene Adresse ist nicht https. Hinter einem Proxy braucht es eine: Setzen Sie server.issuer darauf, und kommen Sie dann hierher zurück.
connect-origin-http = Die Adresse der Anwendung ist nicht https. Diese Dateien sind für https.
connect-other-port = Eine der Adressen hat einen eigenen Port. Diese Dateien lauschen auf 443: Ändern Sie die Ports darin.
connect-shared-host = Die Anwendung ist auf Vestibules eigenem Host. Diese Dateien sind für je einen Host; im Buch steht für nginx eine andere, „One host for both“.
connect-other-family = Vestibules Einstellungen nennen unter dieser Adresse einen Proxy mit anderen Headern. Ein Proxy sendet eine Familie: Ändern Sie dort die Zeile.
secret-title = Das neue Geheimnis
secret-previous = Das vorige gilt bis zum nächsten neuen weiter. Tragen Sie dieses in die Anwendung ein, und machen Sie dann noch eines, wenn das alte anderen bekannt ist.
secret-alone = Jedes ältere ist zu Ende.
secret-once = Es wird nur dieses eine Mal gezeigt: Hier bleibt nur sein Hash.
settings-intro = Was gilt, und wer es gesagt hat. Um etwas zu ändern, ändern Sie es dort; Geheimnisse stehen nirgends.
settings-text = Name oder Bedeutung
settings-which = Welche
settings-all = Alle
settings-changed = Nur was jemand gesetzt hat
settings-none = Darauf passt keine Einstellung.
settings-unknown = Diesem Server wurden seine Einstellungen nicht gesagt.
settings-set = gesetzt
settings-waits = wartet auf einen Neustart
settings-waiting =
    { $count ->
        [one] { $count } geänderte Einstellung wartet auf einen Neustart.
       *[other] { $count } geänderte Einstellungen warten auf einen Neustart.
    }
settings-default = die Voreinstellung
settings-file = aus { $place }
settings-environment = aus der Umgebung, { $place }
settings-flag = vom Schalter { $place }
settings-reloads = eine Änderung braucht ein Neulesen
settings-restarts = eine Änderung braucht einen Neustart

### Konsole: der Rahmen, die Übersicht, laufende Sitzungen, das Protokoll
console-title = Verwaltung
overview-title = Übersicht
people-title = Personen
sessions-title = Laufende Sitzungen
applications-title = Anwendungen
audit-title = Prüfprotokoll
settings-title = Einstellungen
confirm-title = Ist das so gewollt?
console-end-nothing = Es ist nichts mehr zu beenden.
console-end-submit = Beenden
console-end-picked = Das beendet { $what }. Es wirkt beim nächsten Klick dort.
console-end-of = Das beendet alle Sitzungen von { $who }: { $what }. Es wirkt beim nächsten Klick dort.
console-end-everybody = Das beendet alle Sitzungen, auch Ihre eigene: { $what }. Alle müssen sich neu anmelden.
console-end-everybody-submit = Alle Sitzungen beenden
console-reach = { $devices } und { $sign_ins } { $applications }
console-devices =
    { $count ->
        [one] { $shown } Sitzung
       *[other] { $shown } Sitzungen
    }
console-sign-ins =
    { $count ->
        [one] { $shown } Anmeldung
       *[other] { $shown } Anmeldungen
    }
console-at-applications =
    { $count ->
        [one] bei { $shown } Anwendung
       *[other] bei { $shown } Anwendungen
    }
number-group = .
error-administrator = Das ist der Verwaltung vorbehalten
error-administrator-what = Sie sind angemeldet, aber ohne die Rolle, die diesen Server verwaltet. Es wurde nichts geändert.
error-administrator-do = Falls Sie sie haben sollten, wenden Sie sich an die Betreiber dieses Servers.
overview-health = Zustand
overview-version = Version
overview-live = Laufende Sitzungen
overview-logins = Anmeldungen, letzte Stunde
overview-refusals = Abgelehnt, letzte Stunde
overview-ends = Beendet, letzte Stunde
overview-since = Beginn { $when }
overview-plot = { $since }: von { $first } auf { $last }, höchstens { $most }.
overview-table = Dasselbe als Tabelle, Stunde um Stunde
overview-hour = Ab
overview-th-logins = Anmeldungen
overview-th-refusals = Abgelehnt
overview-th-ends = Beendet
overview-th-live = Laufend am Ende
overview-store = Speicher
overview-store-answers = antwortet
overview-store-away = antwortet nicht
overview-mail = Post
overview-mail-waiting =
    { $count ->
        [0] nichts wartet
        [one] { $shown } Brief wartet
       *[other] { $shown } Briefe warten
    }
overview-chain-sealing = wird laufend versiegelt
overview-chain-behind = ließ sich zuletzt nicht versiegeln
overview-people = { $people }; { $administer }, { $disabled }
overview-administer =
    { $count ->
        [one] { $shown } verwaltet
       *[other] { $shown } verwalten
    }
overview-disabled =
    { $count ->
        [one] { $shown } gesperrt
       *[other] { $shown } gesperrt
    }
sessions-live =
    { $count ->
        [one] { $shown } Sitzung läuft.
       *[other] { $shown } Sitzungen laufen.
    }
sessions-ended =
    { $count ->
        [0] Es war nichts mehr zu beenden.
        [one] { $shown } Sitzung ist beendet.
       *[other] { $shown } Sitzungen sind beendet.
    }
sessions-of = Nur die von { $who }.
sessions-everybodys = Alle zeigen
sessions-end-of = Alle von { $who } beenden
sessions-search = Suche
sessions-search-hint = Teil einer E-Mail-Adresse, einer Netzadresse oder dessen, wie der Browser sich nennt.
sessions-kept = Bleibt angemeldet
sessions-device = Gerät
sessions-person = Person
sessions-use = Nutzung
sessions-pick = Auswählen: { $device }, { $who }
sessions-end-picked = Ausgewählte beenden
sessions-none = Es ist niemand angemeldet. Laden Sie die Seite neu.
sessions-none-found = So eine Sitzung läuft nicht.
sessions-all = Alle zeigen
session-title = Laufende Sitzung
session-end = Beenden
session-end-all = Alle dieser Person beenden
session-signed-in = Angemeldet
session-active = Zuletzt genutzt
session-proven = Nachgewiesen
session-network = Netz
session-browser = Browser
session-idle-ends = Endet ungenutzt
session-ends = Endet spätestens
session-id = Sitzung
session-applications = Darüber geöffnete Anwendungen
session-no-applications = Keine.
session-trail = Was das Prüfprotokoll über diese Person weiß
console-pick = Auswählen
console-any = Beliebig
console-yes = Ja
console-no = Nein
console-unknown = Unbekannt
console-search = Suchen
console-newest = Neueste
console-older = Ältere
console-looked-so-far = Unter den bisher durchgesehenen ist nichts. Weiter geht es mit den älteren.
event-setup-completed = Das erste Verwaltungskonto wurde über den Einrichtungslink angelegt
event-user-created = Ein Konto wurde angelegt
event-user-disabled = Ein Konto wurde gesperrt; seine Sitzungen sind beendet
event-user-enabled = Ein Konto wurde entsperrt
event-login-succeeded = Angemeldet
event-login-refused = Eine Anmeldung wurde abgelehnt
event-reauthentication-succeeded = Hat sich erneut ausgewiesen
event-reauthentication-refused = Konnte sich nicht erneut ausweisen
event-password-changed = Ein Passwort wurde geändert; die anderen Sitzungen sind beendet
event-password-rehashed = Ein Passwort wurde mit höherem Aufwand neu gehasht
event-session-ended = Eine Sitzung wurde beendet
event-user-sessions-ended = Alle Sitzungen einer Person wurden beendet, vielleicht bis auf eine
event-all-sessions-ended = Alle Sitzungen wurden beendet
event-clock-accepted = Eine Uhr, die hinter der zuletzt gesehenen liegt, wurde angenommen
event-registration-asked = Ein Konto wurde beantragt
event-user-registered = Ein Konto wurde über den zugesandten Link angelegt
event-user-invited = Jemand wurde eingeladen
event-user-deleted = Ein Konto wurde gelöscht; seine persönlichen Daten sind getilgt
event-profile-changed = Name, Sprache oder Angaben wurden geändert
event-address-asked = Ein Link, der eine Adresse bestätigt, wurde angefordert
event-address-added = Eine Adresse wurde einem Konto hinzugefügt
event-address-verified = Eine Adresse wurde bestätigt
event-address-removed = Eine Adresse wurde aus einem Konto entfernt
event-address-primary-changed = Eine andere Adresse benennt das Konto
event-recovery-asked = Ein neues Passwort wurde per Mail angefordert
event-recovery-offered = Ein Link zum Setzen eines neuen Passworts ging hinaus
event-recovery-code-refused = Zu einem zugesandten Link wurde ein falscher Code eingegeben
event-password-reset = Ein Passwort wurde über einen zugesandten Link neu gesetzt
event-password-disabled = Ein Passwort wurde nach zu vielen falschen in Folge außer Kraft gesetzt
event-device-known = Ein Gerät wurde einem Konto bekannt
event-mail-given-up = Eine Mail war nicht zustellbar
event-throttle-closed = Versuche werden eine Weile abgewiesen
event-attack-recognised = Ein Angriff wurde erkannt
event-application-added = Eine Anwendung wurde hinzugefügt
event-application-changed = Eine Anwendung wurde geändert
event-application-removed = Eine Anwendung wurde entfernt
event-application-secret-rotated = Eine Anwendung bekam ein neues Geheimnis
event-app-session-opened = Bei einer Anwendung angemeldet
event-handshake-refused = Eine Anmeldung bei einer Anwendung kam aus einem anderen Browser als dem, der sie begann
event-role-added = Eine Rolle wurde beschrieben
event-role-changed = Die Beschreibung einer Rolle wurde geändert
event-role-removed = Die Beschreibung einer Rolle wurde entfernt
event-user-roles-changed = Ein Konto hat andere Rollen
event-backup-taken = Eine Sicherung wurde angelegt
event-installation-restored = Diese Installation wurde aus einer Sicherung wiederhergestellt
event-installation-migrated = Diese Installation wurde aus einem anderen Speicher hierher verlegt
audit-kind = Art
audit-person = Person
audit-actor = Veranlasst von
audit-since = Von (UTC)
audit-until = Bis (UTC)
audit-hint = Eine Person mit E-Mail-Adresse oder Kennung. Veranlasst von: ebenso, oder visitor, system, operator:1000.
audit-unknown = Es gibt niemanden mit dieser Adresse oder Kennung.
audit-none = Das Protokoll ist leer: Es ist noch nichts geschehen.
audit-none-found = So ein Ereignis gibt es nicht.
audit-all = Alle zeigen
audit-when = Wann
audit-what = Was geschah
audit-who = Wem, und von wo
audit-newer = Nach neueren sehen
audit-export = Als JSON-Zeilen sichern
audit-export-what = Das sichert die gesuchten Ereignisse, die neuesten zuerst und höchstens { $most }, mit den Adressen darin, je ein JSON-Objekt in einer Zeile.
audit-export-submit = Sichern
audit-act = Handlung
audit-session = Sitzung
audit-user = Person
audit-by = Veranlasst von
audit-by-visitor = jemandem, der nicht angemeldet war
audit-by-system = dem Server selbst
audit-by-operator = Benutzer { $uid } an der Maschine
audit-by-self = der Person selbst
audit-by-user = Person { $id }
audit-chain = Kette
audit-sealing = Das Protokoll wird laufend versiegelt.
audit-behind = Das Protokoll ließ sich zuletzt nicht versiegeln. Warum, sagt das Log des Servers.
audit-chain-never = Seit dem Start des Servers hat sie niemand geprüft.
audit-chain-running = Sie wird gerade geprüft. Laden Sie die Seite gleich noch einmal.
audit-chain-failed = Sie ließ sich nicht bis zum Ende lesen. Warum, sagt das Log des Servers.
audit-chain-intact = Unversehrt bis Ereignis { $to }, geprüft { $when }; { $unsealed } danach waren noch nicht versiegelt.
audit-chain-broken = Nicht unversehrt, geprüft { $when }: { $faults }.
audit-chain-faults =
    { $count ->
        [one] { $shown } Fehler
       *[other] { $shown } Fehler
    }
audit-chain-event = Ereignis { $position }:
audit-verify = Ganz prüfen

### API: problems
problem-invalid-body = Der Inhalt ist nicht das, was diese Adresse annimmt
problem-invalid-body-what = Senden Sie die Felder, die sie kennt, jedes einmal.
problem-invalid-query = Die Parameter sind nicht die, die diese Adresse annimmt
problem-invalid-query-what = Senden Sie die Parameter, die sie kennt, jeden einmal.
problem-invalid-path = Der Pfad ist nicht lesbar
problem-invalid-path-what = Schreiben Sie ihn in prozentkodiertem UTF-8.
problem-invalid-header = Ein Header ist nicht das, was diese Adresse annimmt
problem-invalid-header-what = If-Match nimmt ein ETag oder *, If-None-Match beim Schreiben nur *.
problem-invalid-key = Kein Schlüssel für Sitzungsdaten
problem-invalid-key-what = Ein Schlüssel hat 1 bis 64 Zeichen aus A-Z, a-z, 0-9, Punkt, Unterstrich und Bindestrich.
problem-invalid-email = Keine E-Mail-Adresse
problem-invalid-email-what = Schreiben Sie sie wie alice@example.test.
problem-invalid-name = Kein Name
problem-invalid-name-what = Ein Name hat höchstens 200 Zeichen und keine Steuerzeichen.
problem-invalid-details = Keine Antwort auf das, was gefragt ist
problem-invalid-details-what = Beantworten Sie die Felder, die GET zeigt, und die erforderlichen darunter.
problem-invalid-role = Kein Name einer Rolle
problem-invalid-role-what = Eine Rolle hat 1 bis 64 Zeichen aus a-z, 0-9, Unterstrich und Bindestrich.
problem-invalid-language = Keine Sprache, in der es Texte gibt
problem-invalid-language-what = Schreiben Sie en oder de.
problem-invalid-password = Kein Passwort, das gesetzt werden kann
problem-invalid-password-what = Wählen Sie ein anderes.
problem-invalid-application = Keine Anwendung
problem-invalid-application-what = Ändern Sie, was gesendet wird.
problem-not-signed-in = Niemand ist angemeldet
problem-not-signed-in-what = Melden Sie sich zuerst an.
problem-login-refused = Adresse und Passwort passen nicht zusammen
problem-login-refused-what = Versuchen Sie es noch einmal, oder stellen Sie das Konto per E-Mail wieder her.
problem-application-refused = Die Anwendung ist nicht die, die sie zu sein angibt
problem-application-refused-what = Senden Sie client_id und Geheimnis mit HTTP Basic; rotate-secret erzeugt ein neues Geheimnis.
problem-forbidden = Nicht erlaubt
problem-forbidden-what = Dies braucht die Rolle admin.
problem-password-refused = Das ist nicht das Passwort
problem-password-refused-what = Senden Sie das aktuelle Passwort des Kontos.
problem-fresh-login-required = Dies braucht eine Anmeldung der letzten Minuten
problem-fresh-login-required-what = Bestätigen Sie die Anmeldung: POST /api/v1/session/reauthenticate.
problem-cross-site = Die Anfrage kam von einer anderen Website
problem-cross-site-what = Senden Sie sie von einer Seite dieses Ursprungs.
problem-csrf-token-required = X-CSRF-Token fehlt oder gehört nicht zu dieser Sitzung
problem-csrf-token-required-what = Fragen Sie die Sitzung mit GET ab: csrf_token ist der Wert.
problem-tokens-not-offered = Hier werden keine Token ausgegeben
problem-tokens-not-offered-what = Token kommen mit dem Token-Verfahren, das diese Version nicht hat; schreiben Sie deliver: cookie.
problem-no-application-here = Unter diesem Ursprung ist keine Anwendung registriert
problem-no-application-here-what = Mit dem Cookie der Sitzung gehören die Daten der Anwendung unter diesem Ursprung; andere kommen mit ihren Zugangsdaten oder auf ihrem eigenen Host.
problem-user-not-found = Kein Konto mit dieser Adresse
problem-user-not-found-what = Welche es gibt, zeigt: vestibule user list.
problem-session-not-found = Keine laufende Sitzung mit dieser Kennung
problem-session-not-found-what = Vielleicht ist sie schon beendet.
problem-application-not-found = Keine Anwendung mit diesem Namen
problem-application-not-found-what = Welche es gibt, zeigt: vestibule app list.
problem-role-not-found = Diese Rolle ist nirgends beschrieben
problem-role-not-found-what = Welche es gibt, zeigt: vestibule role list.
problem-data-not-found = Unter diesem Schlüssel ist nichts abgelegt
problem-data-not-found-what = PUT legt dort etwas ab.
problem-route-not-found = Diese Adresse gibt es nicht
problem-route-not-found-what = Siehe docs/api.md oder GET /api/openapi.json.
problem-method-not-allowed = Diese Methode kennt die Adresse nicht
problem-method-not-allowed-what = Der Header Allow nennt die, die es gibt.
problem-address-taken = Ein anderes Konto hat diese Adresse
problem-address-taken-what = Wählen Sie eine andere Adresse.
problem-name-taken = Eine andere Anwendung heißt schon so
problem-name-taken-what = Wählen Sie einen anderen Namen.
problem-origin-taken = Dort ist schon eine andere Anwendung erreichbar
problem-origin-taken-what = Host und Port gehören zu einer Anwendung: vestibule app list.
problem-declared = Es steht in der Einstellungsdatei
problem-declared-what = Ändern Sie es dort, danach SIGHUP oder Neustart.
problem-role-held = Jemand hat diese Rolle
problem-role-held-what = Geben Sie diesen Konten zuerst andere: vestibule user set-roles.
problem-last-administrator = Das einzige Administratorkonto bleibt
problem-last-administrator-what = Geben Sie zuerst einem anderen Konto die Rolle admin.
problem-no-mail = Kein Mailserver ist eingestellt
problem-no-mail-what = Die Einstellung heißt mail.server.
problem-too-many-keys = Die Anwendung hat in dieser Sitzung zu viele Schlüssel
problem-too-many-keys-what = Löschen Sie zuerst einen.
problem-flow-gone = Keine Anmeldung wartet hierauf
problem-flow-gone-what = Beginnen Sie neu: POST /api/v1/login.
problem-precondition-failed = Jemand war schneller
problem-precondition-failed-what = Lesen Sie es neu mit GET, und entscheiden Sie neu.
problem-body-too-large = Der Inhalt ist zu groß
problem-body-too-large-what = Ein Inhalt hat hier höchstens 64 KiB.
problem-data-too-large = Das ist mehr, als abgelegt werden darf
problem-data-too-large-what = Ein Schlüssel fasst 16 KiB, eine Anwendung in einer Sitzung 64 KiB.
problem-unsupported-media-type = Der Inhalt muss application/json sein
problem-unsupported-media-type-what = Senden Sie Content-Type: application/json.
problem-precondition-required = Ungesehen wird nichts geändert
problem-precondition-required-what = Nennen Sie, was ersetzt oder gelöscht werden soll: If-Match mit seinem ETag, oder * für jedes.
problem-too-many-requests = Zu viele Versuche
problem-too-many-requests-what = Dieser wurde nicht geprüft und zählt nicht: Warten Sie so lange, wie Retry-After sagt.
problem-busy = Gerade ist zu viel zu tun
problem-busy-what = Versuchen Sie es gleich noch einmal.
problem-breached-unreadable = Die Liste bekannt gewordener Passwörter ist nicht lesbar
problem-breached-unreadable-what = Kein Passwort wird ungesehen gesetzt; die Ursache steht im Protokoll.
problem-store-full = Der Datenträger ist voll
problem-store-full-what = Schaffen Sie Platz. Ein Beenden von Sitzungen gilt schon.
problem-store-unavailable = Der Speicher ist nicht erreichbar
problem-store-unavailable-what = Versuchen Sie es noch einmal. Ein Beenden von Sitzungen gilt schon.
problem-store-failed = Der Speicher hat versagt
problem-store-failed-what = Versuchen Sie es noch einmal; die Ursache steht im Protokoll.
problem-end-unstored = Die Abmeldung gilt, ist aber noch nicht gespeichert
problem-end-unstored-what = Versuchen Sie es noch einmal, damit kein Neustart sie zurücknimmt.
problem-operator-unknown = Niemand weiß, wer fragt
problem-operator-unknown-what = Ein Fehler des Servers: bitte melden Sie ihn.
problem-internal = Hier ist etwas schiefgegangen
problem-internal-what = Die Ursache steht unter dieser Kennung im Protokoll.
problem-login-of-tokens = client_id, scope und resource gehören zu deliver: tokens.
problem-name-missing = Der Name fehlt, und die Einstellungen fragen danach.
problem-field-unknown = Nach { $field } wird nicht gefragt.
problem-field-missing = Die Antwort auf { $field } fehlt.
problem-field-malformed = Die Antwort auf { $field } ist zu lang oder enthält Steuerzeichen.
problem-body-unreadable = Der Inhalt ist nicht lesbar: { $reason }.
problem-query-unreadable = Die Parameter sind nicht lesbar: { $reason }.
problem-body-most = Ein Inhalt hat hier höchstens { $most } KiB.
problem-page-most = Eine Seite fasst 1 bis { $most }.

### The API's page
api-docs-title = Die API
api-docs-intro = Was Programme und Seiten von diesem Server abfragen können, wie es der Vertrag sagt.
api-docs-problems = Was misslingt, wird als application/problem+json (RFC 9457) mit einem festen Code beantwortet.
api-docs-keys = Zugang mit:
api-docs-required = erforderlich
api-docs-body = Nimmt
api-docs-shapes = Formen

### Console: what goes on while the store is away
console-reach-unknown = alle, die es gibt; zählen lassen sie sich gerade nicht
person-ends-unknown = Wie viel damit endet, lässt sich gerade nicht sagen.

### API: on an application's host

problem-forbidden-there = Die Anwendung dort lässt dieses Konto oder diese Anmeldung nicht ein.

### API: what exactly is wrong
problem-email-shape = Eine E-Mail-Adresse sieht aus wie name@example.com.
problem-email-long = Eine E-Mail-Adresse hat höchstens 254 Zeichen, davon höchstens 64 vor dem @.
problem-email-character = Eine E-Mail-Adresse enthält keine Leerzeichen, Anführungszeichen oder Steuerzeichen.
problem-email-domain = Der Teil nach dem @ ist kein Rechnername.
problem-text-long = Der gesuchte Text hat höchstens 200 Zeichen.
problem-text-character = Der gesuchte Text enthält keine Zeilenumbrüche oder Steuerzeichen.
problem-kind-unknown = Kein Ereignis ist von dieser Art: Nennen Sie eine, wie das Protokoll sie zeigt, etwa login.succeeded, oder den Anfang mehrerer mit seinem Punkt, etwa session.
problem-actor-unknown = Der Parameter actor ist user:ID, operator:UID, system oder visitor.
problem-time = Der Parameter { $parameter } ist ein Zeitpunkt wie 2026-01-31T12:00:00Z.
problem-before-or-after = Geben Sie entweder before an, das zurückgeht, oder after, das weitergeht.
problem-before-session = Der Parameter before ist nicht die Kennung einer Sitzung.
problem-whose-sessions = Geben Sie an, wessen Sitzungen: entweder user=EMAIL oder all=true.
problem-not-a-session = { $id } ist nicht die Kennung einer Sitzung.
problem-sessions-most = Das Feld sessions fasst höchstens { $most }: Senden Sie den Rest danach.
problem-import-twice = Diese Adresse steht schon in der Liste.
problem-import-not-allowed = Die Anmeldung, die um den Import bat, ist beendet, oder ihre Rolle wurde entzogen.
problem-import-last = Nur dieses Konto verwaltet den Server, und ohne es täte es niemand.
problem-import-store = Unter diesem Konto versagte die Datenbank: Senden Sie es noch einmal.
problem-import-broken-off = Dieses Konto wurde abgebrochen: Senden Sie es noch einmal.
problem-users-most = Das Feld users fasst höchstens { $most }: Senden Sie den Rest danach.
problem-password-of-another = Die Verwaltung setzt niemandes Passwort: Lassen Sie es weg, und senden Sie eine Einladung.
problem-no-account-at = Kein Konto hat die Adresse { $email }.
problem-no-account-of = Kein Konto hat die Kennung { $id }.
problem-no-login-at = Kein Konto, das sich anmelden darf, hat die Adresse { $email }.
problem-administrator-alone = Nur { $email } verwaltet diesen Server, und ohne dieses Konto täte es niemand: Geben Sie die Rolle zuerst einem anderen (vestibule user set-roles EMAIL admin).
problem-declared-account = Das Konto { $name } steht in der Einstellungsdatei und wird dort verwaltet: Ändern Sie die Datei, und senden Sie dem Server SIGHUP, oder starten Sie ihn neu.
problem-declared-application = Die Anwendung { $name } steht in der Einstellungsdatei und wird dort verwaltet: Ändern Sie die Datei, und senden Sie dem Server SIGHUP, oder starten Sie ihn neu.
problem-declared-role = Die Rolle { $name } steht in der Einstellungsdatei und wird dort verwaltet: Ändern Sie die Datei, und senden Sie dem Server SIGHUP, oder starten Sie ihn neu.
problem-role-held-by =
    { $holders ->
        [one] Ein Konto hat noch die Rolle { $role }: Nehmen Sie sie ihm zuerst (vestibule user list zeigt, welches es ist, vestibule user set-roles EMAIL ROLE… gibt andere).
       *[other] { $holders } Konten haben noch die Rolle { $role }: Nehmen Sie sie ihnen zuerst (vestibule user list zeigt, welche es sind, vestibule user set-roles EMAIL ROLE… gibt andere).
    }
problem-role-undescribed = Nichts beschreibt eine Rolle { $role }: vestibule role list zeigt, welche es gibt.
problem-no-words-in = In { $tag } gibt es keine Texte: Schreiben Sie eines von { $known }.
problem-mail-untried = Kein Mailserver ist eingestellt, es gibt also nichts auszuprobieren: Setzen Sie mail.server.
problem-no-application = Es gibt keine Anwendung { $name }: vestibule app list zeigt, welche es gibt.
problem-application-name-taken = Eine andere Anwendung hat diesen Namen: Wählen Sie einen anderen, oder ändern Sie jene mit vestibule app set.
problem-origin-of = Die Anwendung { $application } ist unter { $authority } erreichbar: Rechnername und Port gehören zu einer einzigen Anwendung.
problem-on-own-host = { $origin } liegt auf dem Rechnernamen des Ausstellers und könnte darum als Kontoseite auftreten: Geben Sie der Anwendung einen eigenen Rechnernamen, oder setzen Sie edge.own_host_application, wenn Sie ihr ganz vertrauen.
problem-kind-to-come = Anwendungen der Art { $kind } kommen mit den Tokens; bisher gibt es proxy.
problem-no-such-kind = Eine Art { $kind } gibt es nicht; bisher gibt es proxy.
problem-origins-none = Die Anwendung braucht einen Ursprung: Wo erreichen Browser sie, etwa https://shop.example.com?
problem-origins-most = Die Anwendung hat zu viele Ursprünge: höchstens { $most }.
problem-rules-most = Die Anwendung hat zu viele Regeln: höchstens { $most }.
problem-origin-twice = Die Anwendung hat { $authority } zweimal.
problem-rule = Regel { $rule }: { $why }
problem-public-roles = Mit public kommen alle hinein, und roles hätte keine Bedeutung: Nehmen Sie eines von beiden weg.
problem-public-acr = Mit public kommen alle hinein, und acr hätte keine Bedeutung: Nehmen Sie eines von beiden weg.
problem-roles-dropped = Eine Regel steht für sich, und diese verlangt keine Rolle, wo die Anwendung eine verlangt: Wiederholen Sie roles, schreiben Sie roles = [] für jede Anmeldung, oder public = true.
problem-acr-dropped = Eine Regel steht für sich, und diese verlangt kein acr, wo die Anwendung eines verlangt: Wiederholen Sie acr, schreiben Sie acr = "aal1" für jede Anmeldung, oder public = true.
problem-method = { $method } bedeutet hier nichts.
problem-probe-key = Ein Schlüssel hat 32 bis 64 Buchstaben und Ziffern.

### Console: roles
roles-title = Rollen
roles-intro = Was Leute in Anwendungen dürfen. Gegeben und genommen werden Rollen auf der Seite einer Person; hier steht, wozu jede da ist.
role-add = Rolle beschreiben
role-add-intro = Eine Rolle lässt Leute ein, wo eine Anwendung nach ihr fragt. Ihre Berechtigungen sind Wörter Ihrer Anwendungen.
role-add-submit = Rolle hinzufügen
role-change = Rolle anders beschreiben
role-change-submit = Speichern
role-change-this = Ändern
role-remove-this = Entfernen
role-name = Name
role-name-hint = Wie Einstellungen und Proxys sie nennen: Kleinbuchstaben a bis z, Ziffern, _ und -. Er bleibt.
role-description = Wozu sie da ist
role-permissions = Erlaubt:
role-permissions-label = Berechtigungen
role-permissions-hint = Je Zeile eine, etwa orders:read. Höchstens 200, jede aus Kleinbuchstaben, Ziffern und _ - . : /
role-undescribed = von niemandem beschrieben
role-declared-what = Ihre Beschreibung steht in der Einstellungsdatei und wird dort geändert.
role-declared-refused = Die Beschreibung dieser Rolle steht in der Einstellungsdatei. Ändern Sie sie dort und lassen Sie den Server die Datei neu lesen. Es wurde nichts geändert.
role-holders =
    { $count ->
        [0] Niemand hat sie
        [one] { $shown } Person hat sie
       *[other] { $shown } Personen haben sie
    }
role-held =
    { $count ->
        [one] { $shown } Person hat diese Rolle. Nehmen Sie sie ihr zuerst. Es wurde nichts geändert.
       *[other] { $shown } Personen haben diese Rolle. Nehmen Sie sie ihnen zuerst. Es wurde nichts geändert.
    }
role-added = Die Rolle ist jetzt beschrieben.
role-changed = Die Rolle ist jetzt anders beschrieben.
role-nothing = Das war schon so.
role-removed = Die Rolle ist nicht mehr beschrieben.
role-will-describe = Das sagt von jetzt an, wozu die Rolle { $role } da ist.
role-will-remove =
    { $permissions ->
        [0] Die Rolle { $role } ist danach nicht mehr beschrieben. Niemand hat sie, und Berechtigungen hat sie keine.
        [one] Die Rolle { $role } ist danach nicht mehr beschrieben, und ihre eine Berechtigung ist fort. Niemand hat sie.
       *[other] Die Rolle { $role } ist danach nicht mehr beschrieben, und ihre { $permissions } Berechtigungen sind fort. Niemand hat sie.
    }
role-will-remove-asked =
    { $count ->
        [one] Eine Anwendung fragt weiter nach ihr.
       *[other] { $count } Anwendungen fragen weiter nach ihr.
    }
role-remove = Rolle entfernen
role-fault-name = Der Name einer Rolle hat nur Kleinbuchstaben a bis z, Ziffern, _ und -, höchstens 64 davon.
role-fault-taken = Diese Rolle ist schon beschrieben. Ändern Sie sie von der Liste aus.
role-fault-gone = Jemand hat diese Rolle inzwischen entfernt. Senden Sie noch einmal, um sie neu hinzuzufügen.
role-fault-permissions = Jede Berechtigung hat 1 bis 100 Kleinbuchstaben, Ziffern und _ - . : / und es sind höchstens 200.

### Console: what leaves, and what is not written down yet

error-ends-unstored = Abgemeldet, aber noch nicht aufgeschrieben
error-ends-unstored-what = Was beendet wurde, ist ab sofort ausgesperrt, doch der Server konnte das nicht aufschreiben. Würde er jetzt neu gestartet, wüsste er es nicht mehr.
error-ends-unstored-do = Der Server versucht weiter, es aufzuschreiben. Beenden Sie es noch einmal: Kommt diese Seite nicht mehr, ist es sicher.
error-shut-unstored = Hier gesperrt, aber noch nicht aufgeschrieben
error-shut-unstored-what = Das Konto ist ab sofort überall abgemeldet und gesperrt, doch der Server konnte nicht aufschreiben, dass es gesperrt ist. Würde er jetzt neu gestartet, ließe er es wieder hinein.
error-shut-unstored-do = Von selbst versucht das niemand noch einmal. Sperren Sie das Konto erneut: Kommt diese Seite nicht mehr, ist es sicher.
error-exports = Gerade speichern andere
error-exports-what = Es laufen so viele Exporte, wie auf einmal dürfen. Gespeichert wurde nichts.
error-exports-do = Versuchen Sie es wieder, sobald einer davon fertig ist.
event-users-exported = Konten wurden exportiert
event-trail-exported = Das Protokoll wurde als Datei gespeichert
application-removed-count =
    { $count ->
        [0] Die Anwendung ist entfernt. Niemand war dort angemeldet.
        [one] Die Anwendung ist entfernt. 1 Anmeldung dort endete.
       *[other] Die Anwendung ist entfernt. { $count } Anmeldungen dort endeten.
    }
application-signed-in =
    { $count ->
        [0] Zurzeit ist dort niemand angemeldet.
        [one] 1 Anmeldung dort endet.
       *[other] { $count } Anmeldungen dort enden.
    }
