// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/judge/chat_endpoint.h"

#include "core/hub/url_origin.h"
#include "core/support/text.h"
#include "core/support/utf8.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>

namespace mpo {

namespace {

constexpr long kConnectSeconds = 20;
constexpr double kLongestDelay = 60.0; ///< of our own back-off
constexpr auto kPoll = std::chrono::milliseconds(20);
constexpr std::size_t kShownOfError = 300; ///< bytes of what a server says is wrong

using Clock = std::chrono::steady_clock;

/// What a later attempt may mend.
bool mayPass(CURLcode code)
{
    constexpr auto kPassing = std::to_array<CURLcode>({CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
        CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
        CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY});
    return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

/// What libcurl's callbacks work on. They must not throw through C.
struct Exchange
{
    std::string body;
    std::size_t maxBytes = 0;
    const std::function<bool()>& stopped; ///< may throw, as libcurl must not see
    bool tooLong = false, isStopped = false;
    std::exception_ptr thrown = nullptr;
};

std::size_t takeBody(char* data, std::size_t, std::size_t size, void* context)
{
    auto& exchange = *static_cast<Exchange*>(context);
    if (exchange.body.size() + size > exchange.maxBytes) {
        exchange.tooLong = true;
        return 0;
    }
    exchange.body.append(data, size);
    return size;
}

int watch(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    auto& exchange = *static_cast<Exchange*>(context);
    try {
        exchange.isStopped = exchange.stopped();
        return exchange.isStopped ? 1 : 0;
    } catch (...) {
        exchange.thrown = std::current_exception();
        return 1;
    }
}

std::optional<std::int64_t> tokens(const Json& answer, const char* name)
{
    const auto usage = answer.find("usage");
    if (usage == answer.end() || !usage->is_object())
        return std::nullopt;
    const auto count = usage->find(name);
    if (count == usage->end() || !count->is_number_integer() || count->get<std::int64_t>() < 0)
        return std::nullopt;
    return count->get<std::int64_t>();
}

/// The text of the first choice; nothing where the answer has none.
std::optional<std::string> answerText(const Json& answer)
{
    if (!answer.is_object())
        return std::nullopt;
    const auto choices = answer.find("choices");
    if (choices == answer.end() || !choices->is_array() || choices->empty() || !choices->front().is_object())
        return std::nullopt;
    const auto message = choices->front().find("message");
    if (message == choices->front().end() || !message->is_object())
        return std::nullopt;
    const auto content = message->find("content");
    if (content == message->end() || !(content->is_string() || content->is_null()))
        return std::nullopt;
    return content->is_null() ? std::string() : content->get<std::string>();
}

/// What a server says is wrong, as it may stand in a sentence.
std::string complaint(const std::string& body)
{
    JsonProblem problem;
    const auto json = tryParseJson(body, problem);
    std::string said;
    if (json && json->is_object()) {
        const Json error = json->value("error", Json());
        if (error.is_string())
            said = error.get<std::string>();
        else if (error.is_object() && error.contains("message") && error["message"].is_string())
            said = error["message"].get<std::string>();
    }
    return said.empty() ? std::string() : ": " + shortened(inSentence(toPrintable(said)), kShownOfError);
}

} // namespace

struct ChatEndpoint::Private
{
    ChatEndpointOptions options;
    std::string url;
    UrlOrigin origin;
    std::function<bool()> stopped;
    std::function<void(const std::string&)> warn;
    CURL* curl = nullptr;
    std::optional<Clock::time_point> lastRequest;
};

struct ChatEndpoint::Attempt
{
    long status = 0;
    std::string body;
    std::string problem; ///< why there is no whole answer
    bool mayPass = false;
    bool isFatal = false; ///< no request will go better
    double retryAfter = 0.0; ///< seconds, as the server asks
    double seconds = 0.0;
};

ChatEndpoint::ChatEndpoint(
    const ChatEndpointOptions& options, std::function<bool()> stopped, std::function<void(const std::string&)> warn)
    : m_d(std::make_unique<Private>())
{
    static const CURLcode s_code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (s_code != CURLE_OK)
        fail("libcurl cannot be used ({})", curl_easy_strerror(s_code));
    m_d->options = options;
    const std::string base = options.baseUrl.substr(0, options.baseUrl.find_last_not_of('/') + 1);
    const auto origin = originOf(base);
    // The address itself is not repeated: it may hold a password.
    if (!origin || base.find_first_of("?#") != std::string::npos)
        fail("The base URL is not the address of an endpoint; write it as https://HOST/v1, without a user's name");
    if (options.key.find_first_of("\r\n") != std::string::npos)
        fail("The API key holds a line break; set the variable to the key alone");
    m_d->url = base + "/chat/completions";
    m_d->origin = *origin;
    m_d->stopped = std::move(stopped);
    m_d->warn = std::move(warn);
    if (!options.key.empty() && origin->scheme == "http" && !isThisMachine(*origin))
        m_d->warn(fmt::format("The base URL is not encrypted: your key goes to {} in the clear", origin->host));
    m_d->curl = curl_easy_init();
    if (!m_d->curl)
        fail("libcurl cannot be used");
}

ChatEndpoint::~ChatEndpoint() { curl_easy_cleanup(m_d->curl); }

std::string ChatEndpoint::withoutKey(std::string text) const
{
    const std::string& key = m_d->options.key;
    if (!key.empty())
        for (std::size_t at = 0; (at = text.find(key, at)) != std::string::npos;)
            text.replace(at, key.size(), "[key]");
    return text;
}

void ChatEndpoint::wait(double seconds) const
{
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
        if (m_d->stopped())
            fail("Judging was stopped; what was answered is kept, and the same command goes on from it");
        std::this_thread::sleep_for(kPoll);
    }
}

ChatEndpoint::Attempt ChatEndpoint::attempt(const std::string& body)
{
    if (m_d->options.perMinute > 0.0 && m_d->lastRequest) {
        const double since = std::chrono::duration<double>(Clock::now() - *m_d->lastRequest).count();
        wait(std::max(0.0, 60.0 / m_d->options.perMinute - since));
    }
    m_d->lastRequest = Clock::now();
    CURL* curl = m_d->curl;
    Exchange exchange {{}, m_d->options.maxBytes, m_d->stopped};
    curl_easy_reset(curl); // keeps the connections
    curl_easy_setopt(curl, CURLOPT_URL, m_d->url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (const char* file = std::getenv("SSL_CERT_FILE"); file && *file) // certificates of a proxy at work
        curl_easy_setopt(curl, CURLOPT_CAINFO, file);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "mpo-studio; libcurl");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, long(m_d->options.timeout * 1000.0));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &takeBody);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:"); // no round trip of its own for that
    if (!m_d->options.key.empty())
        headers = curl_slist_append(headers, ("Authorization: Bearer " + m_d->options.key).c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    const auto begin = Clock::now();
    const CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);

    Attempt result;
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &result.status);
    curl_off_t retryAfter = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retryAfter);
    result.retryAfter = double(retryAfter);
    const std::string& host = m_d->origin.host;
    if (exchange.thrown)
        std::rethrow_exception(exchange.thrown);
    if (exchange.isStopped)
        fail("Judging was stopped; what was answered is kept, and the same command goes on from it");
    if (exchange.tooLong) {
        result.problem
            = fmt::format("{}: the answer is larger than the {} bytes that are accepted", host, m_d->options.maxBytes);
    } else if (code != CURLE_OK) {
        result.problem = fmt::format("{}: {}", host, curl_easy_strerror(code));
        result.mayPass = mayPass(code);
        result.isFatal = !result.mayPass;
    } else if (result.status == 429 || result.status >= 500 || result.status == 408) {
        result.problem = result.status == 429 ? fmt::format("{} asks for patience (HTTP 429)", host)
                                              : fmt::format("{} has trouble (HTTP {})", host, result.status);
        result.mayPass = true;
    } else if (result.status >= 300 && result.status < 400) {
        result.problem = fmt::format("{} sends on to another address (HTTP {}); name that one itself, as your key is "
                                     "not given to others",
            host, result.status);
        result.isFatal = true;
    } else if (result.status == 401 || result.status == 403) {
        result.problem = fmt::format("{} refuses the key (HTTP {}){}; look at the variable that holds it", host,
            result.status, complaint(exchange.body));
        result.isFatal = true;
    } else if (result.status != 200) {
        result.problem
            = fmt::format("{} refuses the request (HTTP {}){}", host, result.status, complaint(exchange.body));
        result.isFatal = true;
    }
    result.body = std::move(exchange.body);
    return result;
}

ChatAnswer ChatEndpoint::complete(const Json& request)
{
    const std::string body = toLine(request);
    double delay = m_d->options.firstDelay;
    for (int number = 1;; ++number) {
        Attempt result = attempt(body);
        if (result.problem.empty()) {
            JsonProblem problem;
            const auto json = tryParseJson(result.body, problem);
            const auto text = json ? answerText(*json) : std::nullopt;
            if (text)
                return {withoutKey(*text), tokens(*json, "prompt_tokens"), tokens(*json, "completion_tokens"), number,
                    result.seconds};
            result.problem = json ? fmt::format("{}: the answer holds no text of a reply", m_d->origin.host)
                                  : fmt::format("{}: the answer is no JSON ({})", m_d->origin.host, problem.reason);
            result.mayPass = !json;
        }
        result.problem = withoutKey(std::move(result.problem));
        if (result.isFatal)
            fail("{}", result.problem);
        if (!result.mayPass)
            throw ChatFailure(result.problem);
        if (number >= m_d->options.attempts)
            throw ChatFailure(fmt::format("{}, {} times in a row", result.problem, number));
        if (result.retryAfter > m_d->options.longestWait)
            fail("{} and wants {:.0f} minutes of it; what was answered is kept, try again then", result.problem,
                result.retryAfter / 60.0);
        const double seconds = std::max(result.retryAfter, delay);
        m_d->warn(fmt::format("{}; trying again in {:.0f} s", result.problem, std::max(1.0, seconds)));
        wait(seconds);
        delay = std::min(2.0 * delay, kLongestDelay);
    }
}

} // namespace mpo
