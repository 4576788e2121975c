### The demo in English. The reference: every other language has the same messages with the same variables.

## Everywhere
skip = Skip to the content
demo-brand = Vestibule demo
demo-rooms = The demo
demo-shop = The corner shop
demo-account = Your account
demo-console = The console

## Start
start-room = Start
start-title = See Vestibule work
start-what = A Vestibule runs on this machine, as ‘vestibule serve’ starts it, with sample people and a small shop that leaves signing in to it. The shop knows nothing of passwords: it asks Vestibule about every request, as a proxy in front of your own application would.
start-try = Three things to try
try-order-title = Order something
try-order = Put something into the basket and order it. Everybody may look around; to order, you sign in, and come back to the very page.
try-order-go = Open the shop
try-wire-title = See what went over the wire
try-wire = Each click, request by request: who asked whom, which cookies went along, how many bytes, how long the check took.
try-wire-go = Look at the wire
try-end-title = Sign out everywhere
try-end = Three devices ask the shop without a pause. One press, and a stopwatch shows when each of them was refused.
try-end-go = Open the stopwatch
start-people = Who can sign in
start-people-what = These people were made up for this demo, and so were their passwords, a moment ago. The administrator can open the console.
start-administrator = administrator
start-password = Password
start-more = More to see
start-account = devices, password, recent activity. Sign in first.
start-console = people, sessions, applications, the audit trail. For the administrator.
start-mail-link = Mail
start-mail = what Vestibule would have mailed. For the administrator.
start-gone = All of this listens on this machine alone, and is gone when the demo ends.

## What went over the wire
wire-room = On the wire
wire-title = What went over the wire
wire-what = The latest click first: each request between your browser, the shop and Vestibule, in order.
wire-again = Look again
wire-forget = Clear
wire-still = As it was when this page was opened.
wire-live = Live: new clicks appear by themselves.
wire-lost = Not live just now; trying again.
wire-nothing = Nothing yet.
wire-nothing-go = Click around in the shop.
wire-requests =
    { $count ->
        [one] { $count } request
       *[other] { $count } requests
    }
wire-checks = check: { $took }
wire-to = to
wire-browser = Browser
wire-shop = Shop
wire-vestibule = Vestibule
wire-check = asks who is calling
wire-passage = passes Vestibule’s own path through
wire-no-answer = No answer
wire-bytes-sent =
    { $bytes ->
        [one] { $bytes } byte there
       *[other] { $bytes } bytes there
    }
wire-bytes-answered =
    { $bytes ->
        [one] { $bytes } byte back
       *[other] { $bytes } bytes back
    }
wire-bytes-open = back until it ends
wire-headers = Headers
wire-request = Request
wire-answer = Answer
wire-none = None.
wire-secrets = Secrets are cut short, with their length in brackets; of other programs’ cookies the values are left out, and so are bodies, stylesheets and pictures. Headers that say nothing about signing in are not shown.

## Stopwatch
stopwatch-room = Stopwatch
stopwatch-title = Sign out everywhere
stopwatch-what = Three sample devices sign in as { $who }, over the same pages as you, and ask the shop every few milliseconds. A fourth presses ‘Sign out everywhere’ on the account page. If you are signed in as { $who } yourself, you are out as well, at your next click.
stopwatch-sign-in = Sign in three devices
stopwatch-once-more = Once more: sign in three devices
stopwatch-signing-in = The devices sign in …
stopwatch-ready = Laptop, phone and tablet are signed in. Now press:
stopwatch-end = Sign out everywhere
stopwatch-measuring = Measuring …
stopwatch-failed = That did not work this time. The terminal tells why; please try again.
stopwatch-run = At { $at }
stopwatch-acknowledged = Vestibule said ‘done’ after { $took }. From then on it is final, also after a power failure.
stopwatch-device = Device
stopwatch-after = Refused after
stopwatch-bar = Drawn
stopwatch-before = Let in before
stopwatch-late = Let in after ‘done’
stopwatch-legend = Times count from the press, as the devices measured them, the shop’s own page included. The bar is the time until a device was refused; the red mark is when Vestibule said ‘done’. ‘Let in after done’ counts requests that were sent after that.
stopwatch-laptop = Laptop
stopwatch-phone = Phone
stopwatch-tablet = Tablet

## The shop
shop-brand = The corner shop
shop-rooms = The shop
shop-catalogue = Catalogue
shop-orders = My orders
shop-basket-count = Basket ({ $count })
shop-sign-in = Sign in
shop-sign-out = Sign out
shop-add = Into the basket
shop-told = What Vestibule told the shop about this request
shop-told-what = In headers that no client can forge. Signing in, passwords and devices are Vestibule’s business; this is all that the shop knows.
shop-told-nobody = Nobody is signed in, and this page is for everybody.
shop-wire = What went over the wire
catalogue-title = Good things for a small house
catalogue-what = Look around and fill your basket. You sign in only when you order.
good-kettle = Kettle
good-kettle-about = Whistles in tune, mostly.
good-lamp = Lamp
good-lamp-about = Lights the hall until the last one is home.
good-mug = Mug
good-mug-about = Holds as much as a morning needs.
good-notebook = Notebook
good-notebook-about = For everything but passwords.
good-plant = Plant
good-plant-about = Forgives a holiday.
good-key = Spare key
good-key-about = Fits one door, and can be called back.
basket-title = Your basket
basket-empty = There is nothing here yet.
basket-empty-go = To the catalogue
basket-remove = Remove
basket-total = Together
basket-order = Order
basket-order-hint = You will sign in on the way, and come back here.
order-title = Order
order-who = Signed in as { $who }
order-back = Back
order-place = Place the order
orders-placed = Thank you. Your order number { $number } is on its way, at least in spirit.
orders-none = You have not ordered anything yet.
orders-number = Order { $number }

## What the shop says instead of a page
said-back = To the shop
said-nobody-title = Please sign in
said-nobody = This is for people who are signed in.
said-forbidden-title = Not allowed
said-forbidden = Vestibule did not let this request through: it does not come from the shop’s own pages, or you may not do this.
said-nothing-title = Not here
said-nothing = There is no such page in this shop.
said-unclear-title = That was unclear
said-unclear = The shop could not make sense of this request. Nothing was changed.
said-away-title = Just a moment
said-away = Vestibule does not answer just now, and without it nobody is let in. Please try again in a moment.
