-- Asks Vestibule whether a request may pass: apache.conf runs this as /etc/apache2/vestibule.lua. It needs Debian's
-- lua-socket.
--
-- Put your own in place of 127.0.0.1 and 8080 (Vestibule), and of shop at the end (the application's name in Vestibule's
-- settings).

local socket = require("socket")

local ADDRESS, PORT = "127.0.0.1", 8080
local VERIFY = "/verify?cookies=application&app="
-- What ProxyPass makes of a request for Vestibule's own corner.
local CORNER = "proxy:http://" .. ADDRESS .. ":" .. PORT .. "/vestibule/"
local PATIENCE = 5 -- seconds

-- What a 200 tells, each of them, even if it is empty: an answer without one of these is not Vestibule's.
local TOLD = { "Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "Remote-Session", "Cookie" }
local REFUSALS = { [302] = true, [303] = true, [400] = true, [401] = true, [403] = true }
local SHOWN = { "Location", "WWW-Authenticate", "Cache-Control" }

-- These tell of a connection or of a body, and neither goes along.
local STAYS = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["keep-alive"] = true,
    ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
}

-- Whether a header speaks of the request or of who is calling, of where the application stands, or of another method than
-- the one that is judged. However it is spelled: some take Remote.User for Remote-User. And application servers take
-- SCRIPT_NAME and PATH_INFO for their own word, so nothing with a _ passes.
local function is_for_us_to_say(name)
    local plain = name:lower():gsub("[^a-z0-9]+", "-")
    return name:find("_", 1, true) or plain:find("^remote%-?user$") or plain:find("^remote%-?email$") or plain:find("^remote%-?name$")
        or plain:find("^remote%-?groups$") or plain:find("^remote%-?session$") or plain:find("^x%-remote%-")
        or plain:find("^x%-auth%-request%-") or plain:find("^x%-original%-") or plain:find("^x%-rewrite%-")
        or plain:find("^x%-forwarded%-") or plain == "forwarded" or plain == "x-script-name"
        or plain:find("^x%-http%-method") or plain == "x-method-override"
end

local function exchange(connection, question)
    connection:settimeout(PATIENCE)
    local sent, fault = connection:send(question)
    if not sent then
        return nil, fault
    end
    local line
    line, fault = connection:receive("*l")
    local status = line and tonumber(line:match("^HTTP/1%.1 (%d%d%d)"))
    if not status then
        return nil, fault or "no HTTP"
    end
    local headers = {}
    for _ = 1, 100 do
        line, fault = connection:receive("*l")
        if not line then
            return nil, fault
        end
        if line == "" then
            local length = tonumber(headers["content-length"] or "")
            if not length or length > 65536 then
                return nil, "no length"
            end
            if length > 0 and not connection:receive(length) then
                return nil, "cut off"
            end
            return { status = status, headers = headers }
        end
        local name, value = line:match("^([^:]+):%s*(.-)%s*$")
        if name then
            headers[name:lower()] = value
        end
    end
    return nil, "too many headers"
end

-- This thread's connection to Vestibule, between two requests.
local kept

local function answer_to(question)
    local connection, answer, fault = kept, nil, nil
    kept = nil
    if connection then
        answer, fault = exchange(connection, question)
        -- It may have been closed since: then a new one may do better.
        if not answer and fault ~= "closed" then
            connection:close()
            return nil
        end
    end
    if not answer then
        connection = socket.tcp()
        connection:settimeout(PATIENCE)
        if not connection:connect(ADDRESS, PORT) then
            connection:close()
            return nil
        end
        connection:setoption("tcp-nodelay", true)
        answer = exchange(connection, question)
    end
    if answer and (answer.headers["connection"] or ""):lower() ~= "close" then
        kept = connection
    else
        connection:close()
    end
    return answer
end

-- A client's Connection names headers that Apache would take away, and Upgrade could name two protocols.
local function tidy(r)
    local connection = (r.headers_in["Connection"] or ""):lower()
    if (r.headers_in["Upgrade"] or ""):lower() == "websocket" then
        r.headers_in["Upgrade"] = "websocket"
        r.headers_in["Connection"] = "Upgrade"
    else
        r.headers_in["Upgrade"] = nil
        r.headers_in["Connection"] = connection:find("close", 1, true) and "close" or nil
    end
end

local function ask(r, application)
    if r.filename and r.filename:sub(1, #CORNER) == CORNER then
        return apache2.DECLINED
    end

    local lines = { "GET " .. VERIFY .. application .. " HTTP/1.1" }
    local spoofed = {}
    for name, value in pairs(r:headers_in_table()) do
        if is_for_us_to_say(name) then
            spoofed[#spoofed + 1] = name
        elseif not STAYS[name:lower()] then
            lines[#lines + 1] = name .. ": " .. value
        end
    end
    for _, name in ipairs(spoofed) do
        r.headers_in[name] = nil
    end
    lines[#lines + 1] = "X-Forwarded-Method: " .. r.method
    lines[#lines + 1] = "X-Forwarded-Proto: " .. (r.is_https and "https" or "http")
    lines[#lines + 1] = "X-Forwarded-Host: " .. (r.headers_in["Host"] or "")
    lines[#lines + 1] = "X-Forwarded-Uri: " .. r.unparsed_uri
    lines[#lines + 1] = "X-Forwarded-For: " .. r.useragent_ip
    lines[#lines + 1] = "\r\n"

    local answer = answer_to(table.concat(lines, "\r\n"))
    if answer and answer.status == 200 then
        for _, name in ipairs(TOLD) do
            if not answer.headers[name:lower()] then
                answer = nil
                break
            end
        end
    end
    if answer and answer.status == 200 then
        for _, name in ipairs(TOLD) do
            r.headers_in[name] = answer.headers[name:lower()]
        end
        if r.headers_in["Cookie"] == "" then
            r.headers_in["Cookie"] = nil
        end
        tidy(r)
        return apache2.OK
    end
    if answer and REFUSALS[answer.status] then
        for _, name in ipairs(SHOWN) do
            r.err_headers_out[name] = answer.headers[name:lower()]
        end
        return answer.status
    end
    -- Vestibule is away, too slow or beside itself. Not a refusal, so no cookie is touched, and trying again helps.
    r.err_headers_out["Cache-Control"] = "no-store"
    r.err_headers_out["Retry-After"] = "5"
    return 503
end

-- One function for each application. Its name goes along: another, which a client might name by its Host, is refused.
function ask_about_shop(r)
    return ask(r, "shop")
end
