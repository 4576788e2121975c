-- Asks Vestibule whether a request may pass: haproxy.cfg loads this as /etc/haproxy/vestibule.lua. It needs nothing but
-- HAProxy 2.6 or later.
--
-- Put your own in place of 127.0.0.1:8080 (Vestibule).

local VERIFY = "http://127.0.0.1:8080/verify?cookies=application&app="
local PATIENCE = 5000 -- milliseconds

-- What a 200 tells, each of them, even if it is empty: an answer without one of these is not Vestibule's.
local TOLD = { "remote-user", "remote-email", "remote-name", "remote-groups", "remote-session", "cookie" }

-- A refusal, and what of it the client gets.
local REFUSALS = { [302] = "Found", [303] = "See Other", [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden" }
local SHOWN = { "location", "www-authenticate", "cache-control", "content-type", "x-content-type-options", "content-security-policy" }

-- These tell of a connection or of a body, and neither goes along; haproxy.cfg has set the forwarded ones.
local STAYS = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true, ["keep-alive"] = true,
    ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
}

-- A header's values: HAProxy counts those of a request from 0, those of an answer from 1.
local function values_of(list)
    local values = {}
    for at = list[0] and 0 or 1, #list do
        values[#values + 1] = list[at]
    end
    return values
end

local function ask(txn, application)
    local headers = {}
    for name, list in pairs(txn.http:req_get_headers()) do
        if not STAYS[name] then
            headers[name] = values_of(list)
        end
    end
    headers["x-forwarded-method"] = { txn.f:method() }
    headers["x-forwarded-uri"] = { txn.f:pathq() }
    return core.httpclient():get({ url = VERIFY .. application, headers = headers, timeout = PATIENCE })
end

-- Its argument is the application's name: that of another, which a client might name by its Host, is refused.
core.register_action("vestibule", { "http-req" }, function(txn, application)
    local answer = ask(txn, application)
    local told = answer and answer.headers
    if not told then
        return
    end
    if answer.status == 200 then
        for _, name in ipairs(TOLD) do
            if not told[name] then
                return
            end
        end
        for _, name in ipairs(TOLD) do
            txn.http:req_set_header(name, values_of(told[name])[1])
        end
        if values_of(told["cookie"])[1] == "" then
            txn.http:req_del_header("cookie")
        end
        txn:set_var("txn.vestibule", "passed")
    elseif REFUSALS[answer.status] then
        local reply = txn:reply()
        reply:set_status(answer.status, REFUSALS[answer.status])
        for _, name in ipairs(SHOWN) do
            for _, value in ipairs(told[name] and values_of(told[name]) or {}) do
                reply:add_header(name, value)
            end
        end
        reply:set_body(answer.body or "")
        txn:done(reply)
    end
end, 1)
