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
password-fault-common = This password is on the lists that attackers try first: many people use it, or it was stolen somewhere else. Please choose words of your own, and use them nowhere else.
password-fault-guessable = This is your address or your name, so it is guessed early. Please choose something else.
password-fault-site-word = This is the name of this service or another word that belongs to it, so it is guessed early. Please choose something else.
password-fault-unchanged = This is the password you have now. Please choose a new one.
strength-one = 1 more character
strength-more = { "{" }n{ "}" } more characters
strength-easy = Easy to guess
strength-fair = Fair: add a word or two
strength-good = Good

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
fresh-add-address = This mails { $address } a link that adds it to your account.
fresh-remove-address = This removes { $address } from your account. It signs nobody in any more.
fresh-primary-address = This makes { $address } the primary address of your account.
fresh-delete =
    { $count ->
        [one] This deletes your account and everything in it, and signs out { $count } device, this one. It cannot be undone.
       *[other] This deletes your account and everything in it, and signs out { $count } devices, this one too. It cannot be undone.
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
devices-applications = Applications opened through it: { $list }
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

## Addresses
addresses-title = Addresses
addresses-intro = Any of them signs you in. What concerns your account is mailed to all of them.
addresses-primary = primary
addresses-verified = confirmed
addresses-unverified = not confirmed yet
addresses-since = yours since { $when }
addresses-prove = Send a link
addresses-prove-label = Send a link that confirms { $address }
addresses-make-primary = Make primary
addresses-primary-label = Make primary: { $address }
addresses-remove = Remove
addresses-remove-label = Remove { $address }
addresses-alone = A second address keeps your account within reach if you lose the first.
addresses-add = Add an address
addresses-add-how = We send a link there. The address is yours once you have opened it where you are signed in.
addresses-add-submit = Send the link
addresses-full = An account has at most { $most } addresses. Remove one first.
addresses-no-mail = This server sends no mail, so it cannot confirm another address. Ask whoever runs it.
addresses-fault-own = This address is in your account already.
addresses-asked = A link is on its way to { $address }. Open it within an hour, in a browser where you are signed in. Nothing there? Check the address, and look in the junk folder.
addresses-confirmed = The address is confirmed.
addresses-removed = The address is removed from your account.
addresses-primary-changed = Your account has another primary address now.
addresses-nothing = There was nothing to change.
addresses-declared = Nothing was changed: whoever runs this server set up your account in its settings, and your addresses stay as they are. You can add one, and make a confirmed one primary.
addresses-refused = Nothing was changed: a primary address cannot be removed, and one that is not confirmed cannot become primary.
address-confirm-title = Confirm this address?
address-confirm-what = It becomes one of the addresses of your account: you can sign in with it, and what concerns your account is mailed there too.
address-confirm-submit = Confirm the address
address-confirm-gone = It works once, within an hour, and only for the account that asked for it. Perhaps you are signed in with another one? Nothing was changed.
address-confirm-taken-title = This address is in use
address-confirm-taken = Since the link was sent, it has become part of another account. Nothing was changed.
address-confirm-full-title = There is no room for it
address-confirm-back = To your addresses

## Profile
profile-title = Profile
profile-intro = What applications and mails call you.
profile-language = Language of mails
profile-language-own = English
profile-language-hint = Pages follow the language of your browser.
profile-submit = Save
profile-changed = Your profile is saved.
profile-leave = Leaving?
profile-leave-what = You can delete your account, with everything in it.

## Leaving
delete-title = Delete your account
delete-intro = If you go on, at once and for good:
delete-devices =
    { $count ->
        [one] { $count } device is signed out: this one.
       *[other] { $count } devices are signed out, this one too.
    }
delete-addresses =
    { $count ->
        [one] { $count } address no longer belongs to an account.
       *[other] { $count } addresses no longer belong to an account.
    }
delete-last-mail = A last mail says so.
delete-erased = Your name, your details, your password and the devices known to your account are erased.
delete-kept = The record of what happened stays, for whoever runs this server, without your addresses and without where you were.
delete-final = This cannot be undone.
delete-submit = Delete my account
delete-stay = Keep my account
delete-declared = Whoever runs this server set up your account in its settings: only they can remove it. Nothing was changed.
delete-only-administrator = You are the only administrator: without you, nobody could run this server. Make somebody else an administrator first. Nothing was changed.
deleted-title = Your account is deleted
deleted-what =
    { $count ->
        [one] { $count } device is signed out, and everything in the account is gone.
       *[other] { $count } devices are signed out, and everything in the account is gone.
    }
deleted-mail = A last mail tells each of its addresses.

## Activity
activity-title = Activity
activity-intro = What happened with your account lately.
activity-empty = Nothing yet. Sign-ins, sign-outs and changes will appear here.
activity-older = Older
activity-newest = Newest
activity-strange = Something you did not do?
activity-change-password = Change your password
happening-created = Account created
happening-signed-in = Signed in
happening-signed-in-new = Signed in on a new device
happening-failed = Sign-in refused: wrong password
happening-refused = Sign-in refused
happening-confirmation-failed = Confirmation of the password refused
happening-signed-out = Signed out
happening-expired = Signed out automatically: its time was over
happening-displaced = Signed out automatically, the device not used for longest: too many were signed in
happening-ended-by-mail = Ended a login through the link in a mail, opened here
happening-everywhere-ended = Signed out everywhere
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
happening-profile-changed = Changed the profile
happening-address-asked = Asked for a link that confirms an address
happening-address-added = Added the address { $address }
happening-address-verified = Confirmed the address { $address }
happening-address-removed = Removed the address { $address }
happening-primary-changed = Made { $address } the primary address
happening-some-address = (erased)
happening-recovery-asked = Somebody asked for a link to set a new password
happening-recovery-sent = A link to set a new password was mailed
happening-recovery-offered = An administrator mailed a link to set a new password
happening-code-refused = A wrong code was entered to set a new password
happening-password-reset = Set a new password through a mailed link, which signed out every device
happening-password-disabled = The password does not work any more: too many wrong ones in a row
happening-mail-given-up = A mail to you could not be delivered
happening-slowed = Too many wrong passwords: further ones have to wait
happening-mail-slowed = Too many mails were asked for: further ones have to wait
happening-attacked = Somebody keeps guessing your password

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

## Places, as words: where a device was
place-this-machine = the machine this server runs on
place-local-network = a local network
place-city = { $city }, { $country }

## Letters: subject and headline, what happened, what to do
letter-subject = { $title } · { $brand }
letter-copy = If the button does not work, open this address:
letter-fact-when = When
letter-fact-device = Device
letter-fact-place = Place
letter-fact-address = Network address
letter-until = The link works once, until { $when }.
letter-why-entered = You get this mail because this address was entered at { $site }.
letter-why-account = You get this mail because this address belongs to your account at { $site }. Such mails cannot be turned off: they are how you notice what you did not do yourself.
letter-why-former = You get this mail because this address belonged to an account at { $site }.
letter-why-administrator = You get this mail because whoever runs { $site } entered this address there.
letter-recover = Set a new password
letter-recover-strange = If it was not you, set a new password now. That ends every login of your account.
letter-register-title = Finish creating your account
letter-register-what = Somebody, we hope you, asked for an account at { $brand } with this address. It exists once you have chosen a password.
letter-register-go = Choose a password
letter-register-strange = If it was not you, there is nothing to do: without the link no account is made.
letter-registered-title = You have an account already
letter-registered-what = Somebody, we hope you, asked for an account at { $brand } with this address. There is one already, so nothing was made.
letter-registered-go = Sign in
letter-registered-forgot = If you have forgotten the password, set a new one:
letter-registered-strange = If it was not you, there is nothing to do. Whoever it was did not learn that there is an account.
letter-invitation-title = You are invited
letter-invitation-what = You are invited to have an account at { $brand }. It exists once you have chosen a password.
letter-invitation-strange = If you did not expect this, there is nothing to do: without the link no account is made.
letter-address-title = Is this address yours?
letter-address-what = An account at { $brand } is to have this address. If that account is yours, open the link in a browser where you are signed in.
letter-address-go = Confirm the address
letter-address-strange = If it is not, there is nothing to do: without the link the address stays out of that account.
letter-in-use-title = This address is in your account already
letter-in-use-what = Somebody wanted to add this address to another account at { $brand }. It is part of yours, so nothing was changed.
letter-in-use-do = If it was you, remove the address from this account first. If it was not you, there is nothing to do: whoever it was did not learn that there is an account.
letter-recover-title = Set a new password
letter-recover-what = Somebody, we hope you, wants to set a new password for your account at { $brand }.
letter-recover-offered = Whoever runs { $brand } asks you to set a new password for your account.
letter-recover-then = It ends every login of your account. After that you sign in with the new password.
letter-recover-code = In another browser than the one that asked, the link also asks for the code that is shown there.
letter-recover-unasked = If it was not you, there is nothing to do: without the link nobody changes your password. Give neither the link nor a code to anybody.
letter-no-account-title = There is no account with this address
letter-no-account-what = Somebody, we hope you, wanted to set a new password at { $brand } for this address. There is no account with it. Perhaps yours has another address?
letter-no-account-strange = If it was not you, there is nothing to do.
letter-login-title = New sign-in to your account
letter-login-what = Somebody has signed in to your account at { $brand }.
letter-login-new-device = Nobody has signed in to it on this device before.
letter-login-after-failures = Several wrong passwords came just before.
letter-login-long-silence = Before that, nobody had signed in for a long time.
letter-login-yours = If it was you, there is nothing to do.
letter-login-strange = If it was not you, end that login, and then set a new password.
letter-login-go = End that login
letter-changed-title = Your password was changed
letter-changed-what = The password of your account at { $brand } was changed.
letter-reset-title = Your password was set anew
letter-reset-what = The password of your account at { $brand } was set anew, through a link in a mail. Every login has ended.
letter-reset-strange = If it was not you, somebody else reads your mail. Make your mailbox safe first, then set a new password.
letter-disabled-title = Your password no longer works
letter-disabled-what = Too many wrong passwords in a row were entered for your account at { $brand }. To keep them from being guessed on, the password does not work any more until you set a new one. Where you are signed in, you stay so.
letter-disabled-last = The last of them came from here:
letter-added-title = An address was added to your account
letter-added-what = { $address } belongs to your account at { $brand } from now on.
letter-removed-title = An address was removed from your account
letter-removed-what = { $address } no longer belongs to your account at { $brand }.
letter-primary-title = Your account has another primary address
letter-primary-what = Until now the primary address of your account at { $brand } was { $before }; now it is { $after }.
letter-deleted-title = Your account was deleted
letter-deleted-what = Your account at { $brand } was deleted on { $when }, with everything in it. This cannot be undone, and this is the last mail to you.
letter-deleted-strange = If it was not you, turn to whoever runs { $site }.
letter-test-title = Mail arrives
letter-test-what = Whoever runs { $brand } wanted to know whether its mail arrives. It does.

## Registration
register-title = Create an account
register-intro = We send you a mail. With the link in it you finish your account.
register-submit = Send the mail
register-known = You have an account already?
register-asked-what = We have sent you a mail. If there is no account with this address yet, you finish yours with the link in it; it works for an hour.
register-finish-title = Choose a password
register-finish-intro = Then your account exists, and you are signed in.
register-finish-invited = You are invited. Choose a password, and your account exists.
register-finish-submit = Create the account
asked-title = Check your mail
asked-nothing = Nothing there? It may take a few minutes. Look in the junk folder too, and check the address above.
asked-again = Another address
mail-fault-throttled = That was asked for too often. Please wait; you can try again { $when }.
name-fault-missing = Please enter your name.
answer-fault-missing = Please fill this in.
answer-fault-malformed = This is too long, or has characters that cannot be shown.
terms-accept = I accept the terms of use.
terms-link = Read the terms (new tab)
terms-fault = There is no account without accepting the terms.

## Forgotten password
login-forgot = Forgot your password?
login-new = New here?
login-create = Create an account
login-fault-throttled = Too many tries. This one was not checked; you can try again { $when }.
login-notice-password-set = Your new password is set, and every login has ended. Sign in with it.
security-fault-throttled = Too many tries. This one was not checked; you can try again { $when }.
recover-title = Set a new password
recover-intro = We send you a mail. The link in it lets you set a new password.
recover-submit = Send the mail
recover-known = Remembered it?
recover-asked-what = We have sent you a mail. If there is an account with this address, the link in it sets a new password; it works for half an hour.
recover-code-label = If you open the mail on another device or in another browser, it asks for this code:
recover-code-warning = Type it there and nowhere else, and tell it to nobody: whoever asks you for it is up to no good.
recover-finish-title = Set a new password
recover-finish-intro = It ends every login of this account. After that you sign in with the new password.
recover-finish-submit = Set the password
recover-done-title = The new password is set
recover-done-what = Every login of that account has ended. In this browser you are still signed in with another one.
recover-done-then = To sign in with the new password here, sign out first.
code-label = Code
code-hint = Eight digits, on the page where you asked for the mail.
code-fault-missing = Another browser asked for this mail. Please enter the code that is shown there.
code-fault-wrong = That is not the code. After five wrong ones the link is no longer good.
end-login-title = End that login?
end-login-what = The mail told you of a login to your account. If it was not you, end it here. Your other logins stay.
end-login-submit = End that login
end-login-done-title = That login has ended
end-login-done-what = Whoever it was is locked out at their next click.
end-login-already = It was over already.
end-login-then = They know your password, so set a new one now.

## Mail in development
dev-mail-title = Mail that was not sent
dev-mail-intro = No mail server is configured, so letters end here. Only the last ones are kept, and only until the server stops.
dev-mail-empty = Nothing yet. What the server would mail appears here.
dev-mail-html = As HTML
dev-mail-back = All letters

## More errors
error-401 = That did not go together
error-401-what = This address and this password do not go together.
error-401-do = Check both, and try again.
error-409 = This address has an account by now
error-409-what = Since the mail was sent, an account was made with its address.
error-409-do = Sign in, or set a new password if you do not know it.
error-link = This link is no longer good
error-link-what = A mailed link works once and not for long. This one was used, is too old or not whole, or a newer thing took its place. Nothing was changed.
error-link-do = Ask for a new one.
error-429 = Too much at once
error-429-what = That was tried too often. It was not checked, and nothing was changed.
error-429-do = Please wait; you can try again { $when }.
error-closed = You cannot create an account here
error-closed-what = Accounts are made by whoever runs this server.
error-closed-do = If you should have one, ask them. If you have one, sign in.
error-invited = By invitation only
error-invited-what = An account is made through the link in an invitation.
error-invited-do = Ask whoever runs this server to invite you. If you have an account, sign in.
error-recover = Not by mail
error-recover-what = This server sends no mail, so it cannot send a link for a new password.
error-recover-do = Ask whoever runs this server to help you.
error-sign-in = Sign in

# The handshake with applications.
go-on-title = You are signed in
go-on-to = Go on to { $place }
app-back = Back to { $place }
app-signed-out-title = You are not signed in to { $place }
app-signed-out-what = This device may still be signed in elsewhere. Signing out there ends all of it.
app-signed-out-go = Look, and sign out
app-logout-what = This ends your session on this device: here, and in every other application. Your other devices stay signed in.
not-sent-title = Nothing was sent
not-sent-what = You were not signed in any more when your form arrived. It was not passed on, and it will not be sent by itself later.
not-sent-do = Go back to the page, sign in, and send it again. If your browser's back button still shows what you wrote, copy it first.
not-sent-on = Go to the page and sign in
error-not-a-page = This opens only as a page of its own
error-not-a-page-what = Signing in does not work inside another page, nor ahead of time. Nothing was changed.
error-not-a-page-do = Open the application in a window of its own.
error-unknown-application = This application is not known here
error-unknown-application-what = You were sent here to sign in to an application, but none is registered at its address.
error-unknown-application-do = If you run this server, register the application with exactly that address. Otherwise tell whoever runs it.
error-elsewhere = This link belongs to another browser
error-elsewhere-what = Signing in began in another browser than this one. The link works only there, and it is used up now. Nobody was signed in here.
error-elsewhere-do = If somebody sent you this link, do not trust them. To use the application, sign in anew.
error-no-cookie = Your browser did not keep a cookie
error-no-cookie-what = Signing in to this application needs one cookie of this address, and it did not come back. Or you opened a link that belongs to another browser. Nobody was signed in here.
error-no-cookie-do = Allow cookies for this address and sign in anew. If somebody sent you this link, do not trust them.
error-code-gone = This step has expired
error-code-gone-what = The way back from signing in works once, and only for a few seconds. Nobody was signed in by it.
error-code-gone-do = Sign in anew: if you are signed in already, that takes no password.
error-loop = Signing in goes round in a circle
error-loop-what = You are signed in, but the server in front of this application does not notice.
error-loop-do = Tell whoever runs it: the proxy must pass the Cookie header on when it asks /verify.

### Console: people, applications, settings
console-go-on = Go on
copy-submit = Copy
copy-done = Copied
people-count =
    { $count ->
        [one] { $shown } account
       *[other] { $shown } accounts
    }
people-add = Add a person
people-text = Address or name
people-status = Status
people-status-active = May sign in
people-status-disabled = Disabled
people-role = Role
people-everybody = Show everybody
people-none = Nobody fits. Take one of the conditions away.
people-none-yet = Nobody fits so far. The list is long: look on.
people-empty = Nobody has an account yet. Add the first person.
people-disabled = disabled
people-made = since { $when }
people-first = To the beginning
people-more = Look on
person-own = you
person-declared = This account stands in the settings file. Roles and status that you change here are in force at once, and hold until the server reads the file again.
person-account = Account
person-made = Made { $when }
person-last-login = last signed in { $when }
person-never-signed-in = never signed in
person-has-password = has a password
person-no-password = has no password yet
person-live = Signed in on { $what }.
person-not-live = Not signed in anywhere.
person-sessions = Show them
person-roles = Roles
person-roles-label = Roles
person-roles-hint = Names with a space between them. They hold from the next request on.
person-roles-known = There are: { $list }.
person-roles-fault = A role's name has small letters a to z, digits, _ and - only. Put a space between two roles.
person-roles-submit = Set the roles
person-acts = What can be done
person-acts-what = You see what will happen before it does. Nobody but its owner can see or choose a password.
person-recover = Link to set a password
person-end = Sign out everywhere
person-enable = Enable
person-disable = Disable
person-delete = Delete the account
person-leave = Give up administration
person-events-none = Nothing has happened yet.
person-trail = All of it in the audit trail
person-add-intro = They choose a password themselves, by a link. Nobody else ever sees it.
person-how = How
person-how-invite = Invite
person-how-invite-what = They confirm the address, choose name and password, and the account is made then. The link is good for a week.
person-how-now = Make the account now
person-how-now-what = It exists at once, with these roles, and they get a link to set the password.
person-add-mails = The link goes to the address by mail.
person-add-by-hand = No mail can be sent from here: the next page shows the link, once, for you to hand over.
person-add-submit = Add
person-fault-taken = There is an account with this address already.
person-link-invites = Invitation
person-link-recovers = Link to set a password
person-link-what = Hand this to { $address } in a way that nobody else reads. It is good once, until { $when }.
person-link-once = It is shown this once. Whoever has it can choose the password.
person-done-made = The account is made. A mail with a link to set the password is on its way.
person-done-invited = The invitation is on its way.
person-done-roles = The roles are set, and hold from the next request on.
person-done-nothing = It was so already. Nothing was changed.
person-done-ended =
    { $count ->
        [0] There was nothing left to end.
        [one] Signed out of 1 device.
       *[other] Signed out of { $count } devices.
    }
person-done-disabled =
    { $count ->
        [0] Disabled. No device was signed in.
        [one] Disabled, and signed out of 1 device.
       *[other] Disabled, and signed out of { $count } devices.
    }
person-done-enabled = Enabled. What had ended stays ended.
person-done-deleted =
    { $count ->
        [0] The account is deleted. No device was signed in.
        [one] The account is deleted, and signed out of 1 device.
       *[other] The account is deleted, and signed out of { $count } devices.
    }
person-done-link = A mail with a link to set the password is on its way.
person-last-administrator = This is the only administrator, and without one nobody administers. Give somebody else the role admin first. Nothing was changed.
person-declared-refused = This account stands in the settings file, which would make it anew. Take it out of the file first. Nothing was changed.
person-oneself = This is your own account: another administrator can do this, so that somebody always administers. Nothing was changed.
person-not-while-disabled = A disabled account cannot set a password. Enable it first. Nothing was sent.
person-will-end = { $person } will be signed out everywhere, from the next click on.
person-will-end-own = You will be signed out everywhere, here too.
person-will-disable = { $person } will be signed out everywhere and cannot sign in until the account is enabled again.
person-will-enable = { $person } may sign in again. What had ended stays ended.
person-will-delete = The account of { $person } and everything personal in it will be deleted. It cannot be brought back; the audit trail keeps what happened, without name and address.
person-will-recover-mail = { $person } will get a mail with a link to set a password. The old password is good until a new one is set.
person-will-recover-hand = The next page shows a link by which { $person } sets a password. Whoever has it can choose the password.
person-will-roles = { $person } will have exactly these roles: { $roles }.
person-will-no-roles = { $person } will have no role any more.
person-will-leave = You give up the role admin: from the next click on the console is closed to you, and only another administrator can give it back.
person-will-invite = { $person } will be invited to make an account.
person-will-make = An account will be made for { $person }.
person-ends = That ends { $what }.
applications-intro = What people reach through this door, each at a host of its own.
applications-empty = No application is known yet. Add the first one: it takes a name, an address and your proxy.
application-add = Add an application
application-declared = in the settings file
application-declared-what = This application stands in the settings file and is changed there.
application-declared-refused = This application stands in the settings file. Take it out of the file, and have the server read it again. Nothing was changed.
application-added = The application is known now.
application-removed = The application is removed. None of its cookies is good for anything any more.
application-made = Known since { $when }
application-what = What it is
application-connect = Set up the proxy
application-asks = Who may come in
application-asks-nothing = Everybody, signed in or not
application-asks-login = Everybody who is signed in
application-asks-roles = Who has one of these roles: { $roles }
application-asks-acr = a login of at least { $acr }
application-allows-cross-site = other sites may send what changes something
application-allows-preflight = CORS preflights pass
application-no-rules = The same holds for every path.
application-rules = But for some paths, the first that fits counts
application-rules-count =
    { $count ->
        [one] { $count } rule for some paths
       *[other] { $count } rules for some paths
    }
application-all-paths = every path
application-acts = What can be done
application-remove = Remove the application
application-rotate = New secret
application-rotate-now = New secret, the old one ends at once
application-secret = Its secret
application-secret-what = With client id and secret the application's server proves itself to Vestibule, to keep data under people's sessions.
application-will-add = { $application } will be made known.
application-will-remove =
    { $count ->
        [one] { $application } will be removed. Everybody is signed out of it at once, and its proxy is refused at this 1 address. What it keeps under people's sessions is deleted. The people stay signed in here.
       *[other] { $application } will be removed. Everybody is signed out of it at once, and its proxy is refused at all { $count } addresses. What it keeps under people's sessions is deleted. The people stay signed in here.
    }
application-will-rotate = { $application } gets a new secret, shown once. The present one stays good until the next new secret, so that you can change it without a gap.
application-will-rotate-now = { $application } gets a new secret, shown once. Every older one ends at once: until the application has the new one, it is refused.
application-add-intro = An application behind a reverse proxy. It needs no login of its own: the proxy asks Vestibule about each request, and tells the application who is calling.
application-add-faults = Something has to be different: it stands at the field.
application-add-what = What is it?
application-title = Title
application-title-hint = What people are shown. The name, if this is empty.
application-name = Name
application-name-hint = As settings and proxies name it: small letters a to z, digits, _ and -. It stays.
application-origins = Address
application-origins-hint = Where browsers reach it, like https://shop.example.com. Several go on a line each.
application-add-who = Who may come in?
application-who-anyone = Everybody who is signed in
application-who-roles = Only who has one of these roles
application-roles-hint = Names with a space between them. For some paths alone, write rules into the settings file.
application-add-proxy = Which proxy stands in front?
application-proxy-later = You can look at the others later.
application-add-submit = Add the application
application-fault-name = A name has small letters a to z, digits, _ and - only, at most 64 of them.
application-fault-name-taken = Another application has this name.
application-fault-origin-missing = Please say where browsers reach it.
application-fault-origin = { $origin } is no address of an application. It is scheme, host and port only, like https://shop.example.com.
application-fault-https = { $origin } is not on this machine and so needs https.
application-fault-twice = { $origin } stands there twice.
application-fault-many = At most { $most } addresses.
application-fault-origin-taken = The application { $application } is reached at { $origin }: a host and port belong to one application.
application-fault-issuer = { $origin } is on Vestibule's own host, and so could act as the account page. Give the application a host of its own.
application-fault-roles = Please name at least one role, or let everybody in who is signed in.
application-fault-proxy = Please choose a proxy.
proxy-nginx = The widespread web server. It asks by its own auth_request, with nothing to install.
proxy-haproxy = The load balancer. It asks by a short script in its own Lua.
proxy-apache = The web server of old. It asks by a short script for mod_lua.
proxy-caddy = Gets its certificates by itself. It asks by forward_auth.
proxy-traefik = At home among containers. It asks by ForwardAuth.
proxy-envoy = At home in meshes. It asks by ext_authz; its file takes IPv4 addresses only.
connect-title = { $application } behind { $proxy }
connect-now = Now its proxy.
connect-proxy = Proxy
connect-origin = Address of the application
connect-application = The proxy reaches the application at
connect-vestibule = The proxy reaches Vestibule at
connect-from = Vestibule sees the proxy come from
connect-fill = Fill in
connect-fault-upstream = This is a host and a port, like 127.0.0.1:3000 or app.internal:3000. An IPv6 address cannot stand here.
connect-fault-address = This proxy's file takes an IPv4 address here, like 127.0.0.1:3000, and no name.
connect-fault-from = This is an IP address, like 127.0.0.1.
connect-step-settings = 1. Vestibule's settings
connect-settings = Vestibule believes only proxies that its settings name, each with the headers that it sends. Put this into the settings file, and have the server read it again (systemctl reload vestibule, or SIGHUP).
connect-trusted = Vestibule's settings name this proxy already, with the headers that it sends.
connect-step-proxy = 2. The proxy's configuration
connect-files = These are the files that Vestibule's own tests run in the real proxy, with your values filled in. What is yours to see to besides: the certificates at the paths that stand there.
connect-save = Save as { $path }
connect-step-try = 3. Try it
connect-doctor = This opens the application as a browser would, follows it to sign-in, and says where it breaks, and why.
connect-alone = The application must listen where the proxy alone can reach it: whoever else can connect to it can say who they are.
connect-issuer-http = Vestibule's own address is not https. Behind a proxy it needs one: set server.issuer to it, then come back here.
connect-origin-http = The application's address is not https. These files are for https.
connect-other-port = One of the addresses has a port of its own. These files listen at 443: change the ports in them.
connect-shared-host = The application is on Vestibule's own host. These files are for a host each; the book has another one, 'One host for both', for nginx.
connect-other-family = Vestibule's settings name a proxy at this address with another family of headers. A proxy sends one: change the line there.
secret-title = The new secret
secret-previous = The one before stays good until the next new secret. Put this one into the application, then make another one if the old one is known to others.
secret-alone = Every older one has ended.
secret-once = It is shown this once: here only its hash is kept.
settings-intro = What is in force, and who said so. To change a setting, change it there; secrets are shown nowhere.
settings-text = Name or meaning
settings-which = Which
settings-all = All
settings-changed = Those that somebody set
settings-none = No setting fits.
settings-unknown = This server was not told its settings.
settings-set = set
settings-waits = waits for a restart
settings-waiting =
    { $count ->
        [one] { $count } changed setting waits for a restart.
       *[other] { $count } changed settings wait for a restart.
    }
settings-default = the default
settings-file = from { $place }
settings-environment = from the environment, { $place }
settings-flag = from the flag { $place }
settings-reloads = a change takes a reload
settings-restarts = a change takes a restart

### Console: the frame, the overview, live sessions, the audit trail
console-title = Console
overview-title = Overview
people-title = People
sessions-title = Live sessions
applications-title = Applications
audit-title = Audit trail
settings-title = Settings
confirm-title = Is this what you want?
console-end-nothing = There is nothing left to end.
console-end-submit = End
console-end-picked = This ends { $what }. It takes hold at the next click there.
console-end-of = This ends every session of { $who }: { $what }. It takes hold at the next click there.
console-end-everybody = This ends every session of everybody, yours too: { $what }. Everybody has to sign in again.
console-end-everybody-submit = End everybody's sessions
console-reach = { $devices } and { $sign_ins } { $applications }
console-devices =
    { $count ->
        [one] { $shown } device
       *[other] { $shown } devices
    }
console-sign-ins =
    { $count ->
        [one] { $shown } sign-in
       *[other] { $shown } sign-ins
    }
console-at-applications =
    { $count ->
        [one] at { $shown } application
       *[other] at { $shown } applications
    }
number-group = ,
error-administrator = This is for administrators
error-administrator-what = You are signed in, but without the role that administers this server. Nothing was changed.
error-administrator-do = If you should have it, ask whoever runs this server.
overview-health = Health
overview-version = Version
overview-live = Live sessions
overview-logins = Logins, last hour
overview-refusals = Refused, last hour
overview-ends = Ended, last hour
overview-since = Begins { $when }
overview-plot = { $since }: from { $first } to { $last }, at most { $most }.
overview-table = The same as a table, hour by hour
overview-hour = From
overview-th-logins = Logins
overview-th-refusals = Refused
overview-th-ends = Ended
overview-th-live = Live at its end
overview-store = Store
overview-store-answers = answers
overview-store-away = does not answer
overview-mail = Mail
overview-mail-waiting =
    { $count ->
        [0] nothing waits
        [one] { $shown } letter waits
       *[other] { $shown } letters wait
    }
overview-chain-sealing = sealed as it grows
overview-chain-behind = could not be sealed lately
overview-people = { $people }; { $administer }, { $disabled }
overview-administer =
    { $count ->
        [one] { $shown } administers
       *[other] { $shown } administer
    }
overview-disabled =
    { $count ->
        [one] { $shown } is disabled
       *[other] { $shown } are disabled
    }
sessions-live =
    { $count ->
        [one] { $shown } login is live.
       *[other] { $shown } logins are live.
    }
sessions-ended =
    { $count ->
        [0] Nothing was left to end.
        [one] { $shown } session is ended.
       *[other] { $shown } sessions are ended.
    }
sessions-of = Only those of { $who }.
sessions-everybodys = Everybody's
sessions-end-of = End all of { $who }
sessions-search = Search
sessions-search-hint = Part of an e-mail address, of a network address, or of what the browser calls itself.
sessions-kept = Kept signed in
sessions-device = Device
sessions-person = Person
sessions-use = Use
sessions-pick = Pick { $device }, { $who }
sessions-end-picked = End the picked
sessions-none = Nobody is signed in. Reload the page: you should be here yourself.
sessions-none-found = No live session is like that.
sessions-all = Show all of them
session-title = Live session
session-end = End it
session-end-all = End all of this person
session-signed-in = Signed in
session-active = Last used
session-proven = Proven
session-network = Network
session-browser = Browser
session-idle-ends = Ends if unused
session-ends = Ends in any case
session-id = Session
session-applications = Applications opened through it
session-no-applications = None.
session-trail = What the audit trail tells of this person
console-pick = Pick
console-any = Any
console-yes = Yes
console-no = No
console-unknown = Unknown
console-search = Search
console-newest = Newest
console-older = Older
console-looked-so-far = Nothing among those looked at so far. Go on with the older ones.
event-setup-completed = The first administrator was made, through the set-up link
event-user-created = An account was made
event-user-disabled = An account was disabled; its sessions ended
event-user-enabled = An account was enabled again
event-login-succeeded = Signed in
event-login-refused = A sign-in was refused
event-reauthentication-succeeded = Proved again who they are
event-reauthentication-refused = Did not prove again who they are
event-password-changed = A password was changed; the other sessions ended
event-password-rehashed = A password was hashed anew, at a higher cost
event-session-ended = A session ended
event-user-sessions-ended = Every session of a user ended, perhaps but one
event-all-sessions-ended = Every session of everybody ended
event-clock-accepted = A clock behind the last one seen was accepted
event-registration-asked = An account was asked for
event-user-registered = An account was made by the reader of its mail
event-user-invited = Somebody was invited
event-user-deleted = An account was deleted; its personal data is erased
event-profile-changed = Name, language or details were changed
event-address-asked = A link that confirms an address was asked for
event-address-added = An address was added to an account
event-address-verified = An address was confirmed
event-address-removed = An address was removed from an account
event-address-primary-changed = Another address names the account
event-recovery-asked = A new password was asked for by mail
event-recovery-offered = A link to set a new password went out
event-recovery-code-refused = A wrong code was typed for a mailed link
event-password-reset = A password was set anew, through a mailed link
event-password-disabled = A password was disabled after too many wrong ones in a row
event-device-known = A device became known to an account
event-mail-given-up = A mail could not be delivered
event-throttle-closed = Tries are refused for a while
event-attack-recognised = An attack was recognised
event-application-added = An application was added
event-application-changed = An application was changed
event-application-removed = An application was removed
event-application-secret-rotated = An application got a new secret
event-app-session-opened = Signed in to an application
event-handshake-refused = A sign-in to an application came from another browser than the one that asked
event-role-added = A role was described
event-role-changed = A role's description was changed
event-role-removed = A role's description was removed
event-user-roles-changed = An account has other roles
event-backup-taken = A backup was taken
event-installation-restored = This installation was restored from a backup
event-installation-migrated = This installation was moved here from another store
audit-kind = Kind
audit-person = Person
audit-actor = Done by
audit-since = From (UTC)
audit-until = Until (UTC)
audit-hint = A person by e-mail address or id. Done by: the same, or visitor, system, or operator:1000.
audit-unknown = There is nobody with this address or id.
audit-none = The trail is empty: nothing has happened yet.
audit-none-found = No event is like that.
audit-all = Show all of them
audit-when = When
audit-what = What happened
audit-who = Whom, and from where
audit-newer = Look for newer ones
audit-export = Save as JSON lines
audit-export-what = This saves the events that are looked for, newest first and at most { $most }, with the addresses in them, as one JSON object a line.
audit-export-submit = Save them
audit-act = Act
audit-session = Session
audit-user = User
audit-by = By
audit-by-visitor = somebody not signed in
audit-by-system = the server itself
audit-by-operator = user { $uid } at the machine
audit-by-self = themselves
audit-by-user = user { $id }
audit-chain = Chain
audit-sealing = The trail is sealed as it grows.
audit-behind = The trail could not be sealed lately. The log of the server says why.
audit-chain-never = Nobody has verified it since the server started.
audit-chain-running = It is being verified. Reload the page in a moment.
audit-chain-failed = It could not be read to its end. The log of the server says why.
audit-chain-intact = Intact up to event { $to }, verified { $when }; { $unsealed } after it were not sealed yet.
audit-chain-broken = Not intact, verified { $when }: { $faults }.
audit-chain-faults =
    { $count ->
        [one] { $shown } fault
       *[other] { $shown } faults
    }
audit-chain-event = Event { $position }:
audit-verify = Verify all of it

### API: problems
problem-invalid-body = The body is not what this route takes
problem-invalid-body-what = Send the fields the route knows, each once.
problem-invalid-query = The query is not what this route takes
problem-invalid-query-what = Send the parameters the route knows, each once.
problem-invalid-path = The path cannot be read
problem-invalid-path-what = Write it in percent-encoded UTF-8.
problem-invalid-header = A header is not what this route takes
problem-invalid-header-what = If-Match takes one ETag or *, If-None-Match of a write takes * alone.
problem-invalid-key = Not a key of session data
problem-invalid-key-what = A key has 1 to 64 characters out of A-Z, a-z, 0-9, dot, underscore and hyphen.
problem-invalid-email = Not an e-mail address
problem-invalid-email-what = Write it like alice@example.test.
problem-invalid-name = Not a name
problem-invalid-name-what = A name has at most 200 characters and no control characters.
problem-invalid-details = Not an answer to what is asked
problem-invalid-details-what = Answer the fields that GET shows, and those that are required.
problem-invalid-role = Not a role's name
problem-invalid-role-what = A role has 1 to 64 characters out of a-z, 0-9, underscore and hyphen.
problem-invalid-language = Not a language that there are words in
problem-invalid-language-what = Say en or de.
problem-invalid-password = Not a password to be set
problem-invalid-password-what = Choose another one.
problem-invalid-application = Not an application
problem-invalid-application-what = Change what is sent.
problem-not-signed-in = Nobody is signed in
problem-not-signed-in-what = Sign in first.
problem-login-refused = Address and password do not go together
problem-login-refused-what = Try again, or recover the account by mail.
problem-application-refused = The application is not who it says it is
problem-application-refused-what = Send client_id and secret by HTTP Basic; rotate-secret makes a new secret.
problem-forbidden = Not allowed
problem-forbidden-what = This needs the role admin.
problem-password-refused = That is not the password
problem-password-refused-what = Send the current password of the account.
problem-fresh-login-required = This needs a login of the last minutes
problem-fresh-login-required-what = Prove the login anew: POST /api/v1/session/reauthenticate.
problem-cross-site = The request came from another site
problem-cross-site-what = Send it from a page of this origin.
problem-csrf-token-required = X-CSRF-Token is missing or not this session's
problem-csrf-token-required-what = GET the session: its csrf_token is what to send.
problem-tokens-not-offered = No tokens are given here
problem-tokens-not-offered-what = Tokens come with the token method, which this version has not; say deliver: cookie.
problem-no-application-here = No application is registered at this origin
problem-no-application-here-what = By the session's cookie the data is that of the application at this origin; others come with their credentials, or on their own host.
problem-user-not-found = No account with this address
problem-user-not-found-what = See which there are: vestibule user list.
problem-session-not-found = No live session with this id
problem-session-not-found-what = It may have ended already.
problem-application-not-found = No application with this name
problem-application-not-found-what = See which there are: vestibule app list.
problem-role-not-found = Nothing describes this role
problem-role-not-found-what = See which there are: vestibule role list.
problem-data-not-found = Nothing is kept under this key
problem-data-not-found-what = PUT keeps something there.
problem-route-not-found = No such route
problem-route-not-found-what = See docs/api.md, or GET /api/openapi.json.
problem-method-not-allowed = No such method on this route
problem-method-not-allowed-what = The header Allow has those there are.
problem-address-taken = Another account has this address
problem-address-taken-what = Choose another address.
problem-name-taken = Another application has this name
problem-name-taken-what = Choose another name.
problem-origin-taken = Another application is reached there
problem-origin-taken-what = A host and port belong to one application: vestibule app list.
problem-declared = It stands in the settings file
problem-declared-what = Change it there, then SIGHUP or a restart.
problem-role-held = Somebody holds this role
problem-role-held-what = Give them others first: vestibule user set-roles.
problem-last-administrator = The only administrator stays
problem-last-administrator-what = Make another one first.
problem-no-mail = No mail server is set
problem-no-mail-what = The setting is mail.server.
problem-too-many-keys = The application keeps too many keys in this session
problem-too-many-keys-what = Delete one first.
problem-flow-gone = No login waits for this
problem-flow-gone-what = Begin anew: POST /api/v1/login.
problem-precondition-failed = Somebody was faster
problem-precondition-failed-what = GET it again, and decide anew.
problem-body-too-large = The body is too large
problem-body-too-large-what = A body here has at most 64 KiB.
problem-data-too-large = That is more than may be kept
problem-data-too-large-what = A key holds 16 KiB, and an application 64 KiB in a session.
problem-unsupported-media-type = The body must be application/json
problem-unsupported-media-type-what = Say Content-Type: application/json.
problem-precondition-required = Nothing is changed unseen
problem-precondition-required-what = Say which you mean to replace or to drop: If-Match with its ETag, or * for any.
problem-too-many-requests = Tried too often
problem-too-many-requests-what = This one was not checked and does not count: wait as long as Retry-After says.
problem-busy = Too much work just now
problem-busy-what = Try again in a moment.
problem-breached-unreadable = The list of breached passwords cannot be read
problem-breached-unreadable-what = No password is set unseen; the log has the cause.
problem-store-full = The disk is full
problem-store-full-what = Free some space. An ending of sessions is in force already.
problem-store-unavailable = The store is out of reach
problem-store-unavailable-what = Try again. An ending of sessions is in force already.
problem-store-failed = The store failed
problem-store-failed-what = Try again; the log has the cause.
problem-end-unstored = The sign-out holds, but is not written down yet
problem-end-unstored-what = Ask again, so that no restart brings it back.
problem-operator-unknown = Nobody knows who is asking
problem-operator-unknown-what = A fault of the server: please report it.
problem-internal = Something went wrong here
problem-internal-what = The log has the cause, under this id.
problem-login-of-tokens = client_id, scope and resource go with deliver: tokens.
problem-name-missing = The name is missing, and the settings ask for one.
problem-field-unknown = Nothing asks for { $field }.
problem-field-missing = The answer to { $field } is missing.
problem-field-malformed = The answer to { $field } is too long, or has control characters.
problem-body-unreadable = The body cannot be read: { $reason }.
problem-query-unreadable = The query cannot be read: { $reason }.
problem-body-most = A body here has at most { $most } KiB.
problem-page-most = A page holds 1 to { $most }.

### The API's page
api-docs-title = The API
api-docs-intro = What programs and pages can ask this server for, as the contract has it.
api-docs-problems = What goes wrong is answered as application/problem+json (RFC 9457), with a stable code.
api-docs-keys = Opened by:
api-docs-required = required
api-docs-body = Takes
api-docs-shapes = Shapes

### Console: what goes on while the store is away
console-reach-unknown = as many as there are, which cannot be counted just now
person-ends-unknown = How much that ends cannot be told just now.

### API: on an application's host

problem-forbidden-there = The application there does not let this account, or this login, in.

### API: what exactly is wrong
problem-email-shape = An e-mail address looks like name@example.com.
problem-email-long = An e-mail address has at most 254 characters, at most 64 of them before the @.
problem-email-character = An e-mail address has no blanks, quotes or control characters.
problem-email-domain = The part after the @ is not a host name.
problem-text-long = What is looked for has at most 200 characters.
problem-text-character = What is looked for has no line breaks or control characters.
problem-kind-unknown = No event is of this kind: give one as the trail shows it, like login.succeeded, or the beginning of several with its dot, like session.
problem-actor-unknown = The parameter actor is one of user:ID, operator:UID, system and visitor.
problem-time = The parameter { $parameter } is a time like 2026-01-31T12:00:00Z.
problem-before-or-after = Say either before, which walks back, or after, which walks on.
problem-before-session = The parameter before is not a session's id.
problem-whose-sessions = Say whose sessions: either user=EMAIL or all=true.
problem-not-a-session = { $id } is not a session's id.
problem-sessions-most = The field sessions holds at most { $most }: send the rest afterwards.
problem-import-twice = This address stands in the list already.
problem-import-not-allowed = The login that asked for the import is over, or its role was taken away.
problem-import-last = This is the only account that administers, and without one nobody does.
problem-import-store = The store failed under this one: send it again.
problem-import-broken-off = This one was broken off: send it again.
problem-users-most = The field users holds at most { $most }: send the rest afterwards.
problem-password-of-another = An administrator sets nobody's password: leave it out, and send an invitation.
problem-no-account-at = No account has the address { $email }.
problem-no-account-of = No account has the id { $id }.
problem-no-login-at = No account that may sign in has the address { $email }.
problem-administrator-alone = { $email } is the only administrator, and without one nobody administers: make another first (vestibule user set-roles EMAIL admin).
problem-declared-account = The account { $name } stands in the settings file and is managed there: change the file and send the server SIGHUP, or restart it.
problem-declared-application = The application { $name } stands in the settings file and is managed there: change the file and send the server SIGHUP, or restart it.
problem-declared-role = The role { $name } stands in the settings file and is managed there: change the file and send the server SIGHUP, or restart it.
problem-role-held-by =
    { $holders ->
        [one] 1 account holds { $role }: take it from that one first (vestibule user list shows which, vestibule user set-roles EMAIL ROLE… gives others).
       *[other] { $holders } accounts hold { $role }: take it from them first (vestibule user list shows which, vestibule user set-roles EMAIL ROLE… gives others).
    }
problem-role-undescribed = Nothing describes a role { $role }: vestibule role list shows those there are.
problem-no-words-in = There is no text in { $tag }: say one of { $known }.
problem-mail-untried = No mail server is set, so there is nothing to try out: set mail.server.
problem-no-application = There is no application { $name }: vestibule app list shows those there are.
problem-application-name-taken = Another application has this name: choose another, or change that one with vestibule app set.
problem-origin-of = The application { $application } is reached at { $authority }: a host and port belong to one application.
problem-on-own-host = { $origin } is on the issuer's own host, and so could act as the account page: give the application a host name of its own, or set edge.own_host_application if it is fully trusted.
problem-kind-to-come = Applications of kind { $kind } come with tokens; so far there is proxy.
problem-no-such-kind = There is no kind { $kind }; so far there is proxy.
problem-origins-none = The application needs an origin: where do browsers reach it, like https://shop.example.com?
problem-origins-most = The application has too many origins: at most { $most }.
problem-rules-most = The application has too many rules: at most { $most }.
problem-origin-twice = The application has { $authority } twice.
problem-rule = Rule { $rule }: { $why }
problem-public-roles = Public lets everybody in, and roles would mean nothing: take the one or the other away.
problem-public-acr = Public lets everybody in, and acr would mean nothing: take the one or the other away.
problem-roles-dropped = A rule stands alone, and this one asks for no role where the application does: repeat roles, write roles = [] for any login, or public = true.
problem-acr-dropped = A rule stands alone, and this one asks for no acr where the application does: repeat acr, write acr = "aal1" for any login, or public = true.
problem-method = { $method } has no meaning here.
problem-probe-key = A key has 32 to 64 letters and digits.

### Console: roles
roles-title = Roles
roles-intro = What people may do in applications. A person's page gives and takes roles; here stands what each is for.
role-add = Describe a role
role-add-intro = A role lets people in where an application asks for it. Its permissions are words of your applications.
role-add-submit = Add the role
role-change = Describe a role otherwise
role-change-submit = Save
role-change-this = Change
role-remove-this = Remove
role-name = Name
role-name-hint = As settings and proxies name it: small letters a to z, digits, _ and -. It stays.
role-description = What it is for
role-permissions = Allows:
role-permissions-label = Permissions
role-permissions-hint = One a line, like orders:read. At most 200, each of small letters, digits and _ - . : /
role-undescribed = nobody described it
role-declared-what = Its description stands in the settings file and is changed there.
role-declared-refused = The description of this role stands in the settings file. Change it there, and have the server read the file again. Nothing was changed.
role-holders =
    { $count ->
        [0] Nobody holds it
        [one] { $shown } person holds it
       *[other] { $shown } people hold it
    }
role-held =
    { $count ->
        [one] { $shown } person holds this role. Take it from them first. Nothing was changed.
       *[other] { $shown } people hold this role. Take it from them first. Nothing was changed.
    }
role-added = The role is described now.
role-changed = The role is described otherwise now.
role-nothing = It was so already.
role-removed = The role is described no more.
role-will-describe = This says from now on what the role { $role } is for.
role-will-remove =
    { $permissions ->
        [0] The role { $role } is described no more. Nobody holds it, and it has no permissions.
        [one] The role { $role } is described no more, and its one permission is gone. Nobody holds it.
       *[other] The role { $role } is described no more, and its { $permissions } permissions are gone. Nobody holds it.
    }
role-will-remove-asked =
    { $count ->
        [one] One application goes on asking for it.
       *[other] { $count } applications go on asking for it.
    }
role-remove = Remove the role
role-fault-name = The name of a role has small letters a to z, digits, _ and - only, at most 64 of them.
role-fault-taken = This role is described already. Change it from the list.
role-fault-gone = Somebody removed this role meanwhile. Send it again to add it anew.
role-fault-permissions = Each permission has 1 to 100 small letters, digits and _ - . : / and there are at most 200.

### Console: what leaves, and what is not written down yet

error-ends-unstored = Signed out, but not written down yet
error-ends-unstored-what = What was ended is shut out as of now, but the server could not write that down. If it were started again now, it would not remember.
error-ends-unstored-do = The server goes on trying to write it down. End it once more: when this page no longer comes, it is certain.
error-shut-unstored = Disabled here, but not written down yet
error-shut-unstored-what = The account is signed out everywhere and shut as of now, but the server could not write down that it is disabled. If it were started again now, it would let them in.
error-shut-unstored-do = Nothing tries that again by itself. Disable the account once more: when this page no longer comes, it is certain.
error-exports = Others are saving just now
error-exports-what = As many exports are under way as may be at a time. Nothing was saved.
error-exports-do = Try again when one of them is done.
event-users-exported = Accounts were exported
event-trail-exported = The audit trail was saved as a file
application-removed-count =
    { $count ->
        [0] The application is removed. Nobody was signed in there.
        [one] The application is removed. 1 sign-in there ended.
       *[other] The application is removed. { $count } sign-ins there ended.
    }
application-signed-in =
    { $count ->
        [0] Nobody is signed in there just now.
        [one] 1 sign-in there ends.
       *[other] { $count } sign-ins there end.
    }
