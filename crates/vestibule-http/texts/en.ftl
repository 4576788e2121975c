### Vestibule in English. The reference: every other language has the same messages with the same variables.

## Everywhere
skip = Skip to the content
rooms = Your account
sign-out = Sign out
cancel = Cancel
title-fault = Please check:
field-address = E-mail address
field-name = Name
field-optional = (optional)
field-password = Password

## Passwords
password-show = Show password
password-caps = Caps Lock is on.
password-hint = At least { $shortest } characters. A few words in a row are easy to remember; spaces and every script are welcome.
password-fault-missing = Please enter a password.
password-fault-short =
    { $length ->
        [one] This has only { $length } character; it takes at least { $shortest }. Add a word or two.
       *[other] This has only { $length } characters; it takes at least { $shortest }. Add a word or two.
    }
password-fault-long = This is longer than { $longest } characters. Please choose a shorter one.
password-fault-common = Many people use this password, so it is guessed early. Please choose words of your own.
password-fault-guessable = This is your address, your name or the name of this service, so it is guessed early. Please choose something else.
password-fault-unchanged = This is the password you have now. Please choose a new one.

## Set-up
setup-title = Welcome
setup-intro = You are the first one here. Choose how you will sign in, and you are the administrator.
setup-submit = Create the administrator
setup-faults = Please look again at:
address-fault-missing = Please enter your e-mail address.
address-fault-malformed = This does not look like an e-mail address. It should be like name@example.com.
address-fault-taken = Another account has this address already. Please choose another one.
name-fault-long = This name is too long. Please shorten it.
name-fault-malformed = This name has characters that cannot be shown. Please write it in letters.

## Sign in
login-title = Sign in
login-continue = to continue to { $place }
login-remember = Keep me signed in on this device
login-remember-hint = Up to 30 days. Leave it off on a computer that others use.
login-submit = Sign in
login-fault-mismatch = That address and password do not go together.
login-fault-busy = The server is very busy just now. Nothing was changed; please try again in a moment.
login-fault-stale = This page had been open for too long. Please try again.
login-notice-signed-out = You are signed out.
login-notice-ended = Your session has ended. Sign in again to continue.

## Confirm
fresh-title = Confirm it is you
fresh-end-device = This signs out { $device }, at its next click.
fresh-end-all =
    { $count ->
        [0] This signs out this device; there is no other.
        [one] This signs out this device at once and { $count } other at its next click.
       *[other] This signs out this device at once and { $count } others at their next click.
    }
fresh-end-others =
    { $count ->
        [one] This signs out { $count } other device, at its next click.
       *[other] This signs out { $count } other devices, at their next click.
    }
fresh-continue = You signed in a while ago. Enter your password to go on.
fresh-submit = Continue
fresh-fault-wrong = That is not your password. Please try again.

## Sign out
logout-title = Sign out?
logout-what = This ends your session on this device. Your other devices stay signed in.
logout-stay = Stay signed in
signed-out-title = You are signed out
signed-out-what = Nobody can go on from this browser without your password.
signed-out-again = Sign in again

## Devices
devices-title = Devices
devices-intro = Everywhere you are signed in. Signing one out locks it out at its next click.
devices-this = this device
devices-signed-in = signed in { $when }
devices-active = last active { $when }
devices-active-now = active now
devices-remembered = kept signed in
devices-ends = ends by itself { $when }
devices-end = Sign out
devices-end-label = Sign out { $device }
devices-end-all = Sign out everywhere, here too
devices-end-others =
    { $count ->
        [one] Sign out { $count } other
       *[other] Sign out { $count } others
    }
devices-ended =
    { $count ->
        [0] That device was signed out already.
        [one] { $count } device is signed out.
       *[other] { $count } devices are signed out.
    }
devices-strange = Something you do not recognise? Sign it out, then
devices-strange-link = change your password
devices-alone = You are signed in nowhere else.
device-name = { $browser } on { $system }
device-unknown = Unknown device
proof-password = Password

## Security
security-title = Security
security-intro = What proves that you are you.
security-change = Change your password
security-others =
    { $count ->
        [0] You stay signed in here. You are signed in nowhere else.
        [one] You stay signed in here. Your { $count } other device is signed out.
       *[other] You stay signed in here. Your { $count } other devices are signed out.
    }
security-current = Current password
security-new = New password
security-submit = Change password
security-unchanged = Your password was not changed.
security-changed =
    { $count ->
        [0] Your password is changed.
        [one] Your password is changed, and { $count } other device is signed out.
       *[other] Your password is changed, and { $count } other devices are signed out.
    }

## Activity
activity-title = Activity
activity-intro = What happened with your account lately.
activity-empty = Nothing yet. Sign-ins, sign-outs and changes will appear here.
activity-older = Older
activity-strange = Something you did not do?
activity-change-password = Change your password
happening-created = Account created
happening-signed-in = Signed in
happening-failed = Wrong password
happening-signed-out = Signed out
happening-expired = Signed out by itself, by time
happening-displaced = Signed out by itself, the device not used for longest: too many were signed in
happening-device-ended = Signed out one other device
happening-others-ended =
    { $count ->
        [one] Signed out { $count } other device
       *[other] Signed out { $count } other devices
    }
happening-all-others-ended = Signed out all other devices
happening-ended-by-administrator = Signed out by an administrator
happening-confirmed = Confirmed the password
happening-password-changed = Changed the password
happening-disabled = Account disabled by an administrator
happening-enabled = Account enabled by an administrator

## Times
date-today = today { $time } UTC
date-yesterday = yesterday { $time } UTC
date-day = { $day } { $month }
date-day-year = { $day } { $month } { $year }
date-moment = { $date }, { $time } UTC
date-month =
    { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
date-minutes-ago =
    { $count ->
        [one] { $count } minute ago
       *[other] { $count } minutes ago
    }
date-hours-ago =
    { $count ->
        [one] { $count } hour ago
       *[other] { $count } hours ago
    }
date-days-ago =
    { $count ->
        [one] { $count } day ago
       *[other] { $count } days ago
    }
date-in-minutes =
    { $count ->
        [one] in { $count } minute
       *[other] in { $count } minutes
    }
date-in-hours =
    { $count ->
        [one] in { $count } hour
       *[other] in { $count } hours
    }
date-in-days =
    { $count ->
        [one] in { $count } day
       *[other] in { $count } days
    }

## Errors: a title, what happened, what to do
error-status = Error
error-id = Reference
error-start = Go to your account
error-back = Go back
error-again = Try again
error-400 = This could not be read
error-400-what = Something in the request was missing, doubled or garbled. Nothing was changed.
error-400-do = Go back, open the page anew and try once more.
error-form = This page has expired
error-form-what = The form you sent was too old, or came from another browser or site. To keep you safe, nothing was changed.
error-form-do = Open the page anew and try once more. If you were signed in, you still are.
error-setup-used = Set-up is already done
error-setup-used-what = The link has been used, and the administrator exists.
error-setup-used-do = If that is you, sign in. If it was not you, stop the server and look into it.
error-setup-expired = This set-up link is not valid
error-setup-expired-what = A set-up link works for an hour, and only until the server starts again. This one is too old or incomplete.
error-setup-expired-do = Start the server again; it shows a new link.
error-404 = There is nothing here
error-404-what = This page does not exist, or no longer does.
error-404-do = Check the address, or go on from your account.
error-405 = That does not work here
error-405-what = This address exists, but it does not take this kind of request. Nothing was changed.
error-405-do = Open the page in your browser and use what it offers.
error-413 = That is too much at once
error-413-what = What was sent is larger than this page takes. Nothing was changed.
error-413-do = Go back and send less.
error-415 = That is not understood here
error-415-what = What was sent is of a kind that this page does not understand. Nothing was changed.
error-415-do = Open the page in your browser and use its own form.
error-421 = This server has another name
error-421-what = It does not answer to the one in your browser's address bar.
error-421-do = Check the address. If you run this server, set its issuer to this name, or register the application.
error-431 = Your browser sent too much along
error-431-what = The cookies kept for this address have grown too large to be read. Nothing was changed.
error-431-do = Delete the cookies of this address in your browser, then try again.
error-500 = Something broke on our side
error-500-what = It was not your doing. What was confirmed before is kept, and if you were signed in, you still are.
error-500-do = Try again. If it happens again, tell whoever runs this server the reference below.
error-503 = Not just now
error-503-what = The server cannot do this at the moment. Nothing that was confirmed is lost, and if you were signed in, you still are.
error-503-do = Wait a moment and try again. If it goes on, tell whoever runs this server the reference below.
error-unstored = Almost signed out
error-unstored-what = You are locked out here already, but the server could not write that down. If it were started again now, it would not remember.
error-unstored-do = Try again in a moment: when this page no longer comes, it is certain.
