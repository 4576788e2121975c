### Die Demo auf Deutsch.

## Überall
skip = Zum Inhalt
demo-brand = Vestibule-Demo
demo-rooms = Die Demo
demo-shop = Der Laden an der Ecke
demo-account = Ihr Konto
demo-console = Die Konsole

## Start
start-room = Start
start-title = Vestibule bei der Arbeit
start-what = Auf diesem Rechner läuft ein Vestibule, so wie ‚vestibule serve‘ es startet, mit erfundenen Personen und einem kleinen Laden, der ihm die Anmeldung überlässt. Der Laden weiß nichts von Passwörtern: Er fragt Vestibule bei jeder Anfrage, wie es ein Proxy vor Ihrer eigenen Anwendung täte.
start-try = Drei Dinge zum Ausprobieren
try-order-title = Etwas bestellen
try-order = Legen Sie etwas in den Korb und bestellen Sie es. Umsehen darf sich jeder; zum Bestellen melden Sie sich an und kommen genau auf die Seite zurück.
try-order-go = Laden öffnen
try-wire-title = Sehen, was über die Leitung ging
try-wire = Jeder Klick, Anfrage für Anfrage: wer wen gefragt hat, welche Cookies dabei waren, wie viele Bytes, wie lange die Prüfung gedauert hat.
try-wire-go = Leitung ansehen
try-end-title = Überall abmelden
try-end = Drei Geräte fragen den Laden ohne Pause. Ein Druck auf den Knopf, und eine Stoppuhr zeigt, wann jedes von ihnen abgewiesen wurde.
try-end-go = Stoppuhr öffnen
start-people = Wer sich anmelden kann
start-people-what = Diese Personen wurden für diese Demo erfunden, ihre Passwörter gerade eben. Die Konsole öffnet sich für die Verwalterin.
start-administrator = Verwaltung
start-password = Passwort
start-more = Mehr zu sehen
start-account = Geräte, Passwort, letzte Aktivitäten. Melden Sie sich zuerst an.
start-console = Personen, Sitzungen, Anwendungen, das Prüfprotokoll. Für die Verwalterin.
start-mail-link = E-Mails
start-mail = was Vestibule verschickt hätte. Für die Verwalterin.
start-gone = All das ist nur auf diesem Rechner zu erreichen und verschwindet mit dem Ende der Demo.

## Was über die Leitung ging
wire-room = Auf der Leitung
wire-title = Was über die Leitung ging
wire-what = Der letzte Klick zuerst: jede Anfrage zwischen Ihrem Browser, dem Laden und Vestibule, der Reihe nach.
wire-again = Neu laden
wire-forget = Leeren
wire-still = Stand beim Öffnen dieser Seite.
wire-live = Live: Neue Klicks erscheinen von selbst.
wire-lost = Gerade nicht live; neuer Versuch läuft.
wire-nothing = Noch nichts.
wire-nothing-go = Klicken Sie sich durch den Laden.
wire-requests =
    { $count ->
        [one] { $count } Anfrage
       *[other] { $count } Anfragen
    }
wire-checks = Prüfung: { $took }
wire-to = an
wire-browser = Browser
wire-shop = Laden
wire-vestibule = Vestibule
wire-check = fragt, wer da ist
wire-passage = reicht Vestibules eigenen Pfad durch
wire-no-answer = Keine Antwort
wire-bytes-sent =
    { $bytes ->
        [one] { $bytes } Byte hin
       *[other] { $bytes } Bytes hin
    }
wire-bytes-answered =
    { $bytes ->
        [one] { $bytes } Byte zurück
       *[other] { $bytes } Bytes zurück
    }
wire-bytes-open = zurück, bis es endet
wire-headers = Kopfzeilen
wire-request = Anfrage
wire-answer = Antwort
wire-none = Keine.
wire-secrets = Geheimnisse sind gekürzt, mit ihrer Länge in Klammern; bei Cookies anderer Programme fehlt der Wert, und ganz fehlen Inhalte, Stylesheets und Bilder. Kopfzeilen, die nichts über die Anmeldung sagen, werden nicht gezeigt.

## Stoppuhr
stopwatch-room = Stoppuhr
stopwatch-title = Überall abmelden
stopwatch-what = Drei Beispielgeräte melden sich als { $who } an, über dieselben Seiten wie Sie, und fragen den Laden alle paar Millisekunden. Ein viertes drückt auf der Kontoseite ‚Überall abmelden‘. Sind Sie selbst als { $who } angemeldet, dann sind auch Sie beim nächsten Klick abgemeldet.
stopwatch-sign-in = Drei Geräte anmelden
stopwatch-once-more = Noch einmal: drei Geräte anmelden
stopwatch-signing-in = Die Geräte melden sich an …
stopwatch-ready = Laptop, Telefon und Tablet sind angemeldet. Drücken Sie jetzt:
stopwatch-end = Überall abmelden
stopwatch-measuring = Messung läuft …
stopwatch-failed = Das hat diesmal nicht geklappt. Warum, steht im Terminal; bitte versuchen Sie es noch einmal.
stopwatch-run = Um { $at } Uhr
stopwatch-acknowledged = Nach { $took } sagte Vestibule ‚erledigt‘. Von da an ist es endgültig, auch nach einem Stromausfall.
stopwatch-device = Gerät
stopwatch-after = Abgewiesen nach
stopwatch-bar = Gezeichnet
stopwatch-before = Vorher eingelassen
stopwatch-late = Nach ‚erledigt‘ eingelassen
stopwatch-legend = Die Zeiten zählen ab dem Knopfdruck, so wie die Geräte sie gemessen haben, einschließlich der Seite des Ladens. Der Balken reicht bis zur Abweisung eines Geräts; die rote Marke zeigt, wann Vestibule ‚erledigt‘ sagte. ‚Nach erledigt eingelassen‘ zählt Anfragen, die danach gesendet wurden.
stopwatch-laptop = Laptop
stopwatch-phone = Telefon
stopwatch-tablet = Tablet

## Der Laden
shop-brand = Der Laden an der Ecke
shop-rooms = Der Laden
shop-catalogue = Sortiment
shop-orders = Meine Bestellungen
shop-basket-count = Korb ({ $count })
shop-sign-in = Anmelden
shop-sign-out = Abmelden
shop-add = In den Korb
shop-told = Was Vestibule dem Laden zu dieser Anfrage gesagt hat
shop-told-what = In Kopfzeilen, die niemand fälschen kann. Anmeldung, Passwörter und Geräte sind Vestibules Sache; mehr als das hier weiß der Laden nicht.
shop-told-nobody = Niemand ist angemeldet, und diese Seite ist für alle da.
shop-wire = Was über die Leitung ging
catalogue-title = Schönes für ein kleines Haus
catalogue-what = Sehen Sie sich um und füllen Sie Ihren Korb. Anmelden müssen Sie sich erst zum Bestellen.
good-kettle = Wasserkessel
good-kettle-about = Pfeift meistens sogar den richtigen Ton.
good-lamp = Lampe
good-lamp-about = Leuchtet im Flur, bis alle zu Hause sind.
good-mug = Becher
good-mug-about = Fasst so viel, wie ein Morgen braucht.
good-notebook = Notizbuch
good-notebook-about = Für alles außer Passwörter.
good-plant = Pflanze
good-plant-about = Verzeiht auch einen Urlaub.
good-key = Ersatzschlüssel
good-key-about = Passt in eine Tür und lässt sich zurückrufen.
basket-title = Ihr Korb
basket-empty = Hier liegt noch nichts.
basket-empty-go = Zum Sortiment
basket-remove = Entfernen
basket-total = Zusammen
basket-order = Bestellen
basket-order-hint = Unterwegs melden Sie sich an und kommen hierher zurück.
order-title = Bestellung
order-who = Angemeldet als { $who }
order-back = Zurück
order-place = Verbindlich bestellen
orders-placed = Vielen Dank. Ihre Bestellung Nummer { $number } ist unterwegs, zumindest in Gedanken.
orders-none = Sie haben noch nichts bestellt.
orders-number = Bestellung { $number }

## Was der Laden statt einer Seite sagt
said-back = Zum Laden
said-nobody-title = Bitte melden Sie sich an
said-nobody = Das hier ist für Angemeldete.
said-forbidden-title = Nicht erlaubt
said-forbidden = Vestibule hat diese Anfrage nicht durchgelassen: Sie kommt nicht von einer Seite des Ladens, oder Sie dürfen das nicht.
said-nothing-title = Nicht hier
said-nothing = Diese Seite gibt es im Laden nicht.
said-unclear-title = Das war unklar
said-unclear = Der Laden wurde aus dieser Anfrage nicht schlau. Es wurde nichts geändert.
said-away-title = Einen Moment
said-away = Vestibule antwortet gerade nicht, und ohne es kommt niemand hinein. Bitte versuchen Sie es gleich noch einmal.
