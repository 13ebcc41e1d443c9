// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_http.h"

#include "core/hub/hub_paths.h"
#include "core/hub/url_origin.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace mpo {

namespace {

constexpr long kConnectSeconds = 20;
constexpr int kMaxHops = 8;
constexpr long kBufferBytes = 512L * 1024; ///< the largest that libcurl takes
constexpr double kLongestDelay = 60.0; ///< of our own back-off
constexpr double kLongestRetryAfter = 600.0; ///< that a server may ask for; beyond that the user is told
constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr std::size_t kMaxHeaders = 200, kMaxHeaderBytes = 8192;
constexpr const char* kUserAgent = "mpo-studio; libcurl";

using Clock = std::chrono::steady_clock;

bool isRedirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// What a later attempt may mend.
bool mayPass(CURLcode code)
{
    constexpr auto kPassing = std::to_array<CURLcode>({CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
        CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR,
        CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY});
    return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

void initialiseCurl()
{
    static const CURLcode s_code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (s_code != CURLE_OK)
        fail("libcurl cannot be used ({})", curl_easy_strerror(s_code));
}

} // namespace

std::string HubReply::header(const std::string& name) const
{
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

struct HubHttp::Private
{
    HubOptions options;
    std::string endpoint;
    UrlOrigin origin;
    std::function<bool()> stopped;
    std::function<void(const std::string&)> warn;
    CURL* curl = nullptr;
    bool reached = false; ///< the endpoint has answered once: it is there, and so are we
};

/// One exchange, redirects included.
struct HubHttp::Attempt
{
    HubReply reply;
    std::string problem; ///< why there is no whole answer
    bool mayPass = false;
    double retryAfter = 0.0; ///< seconds, as the server asks
};

namespace {

/// What libcurl's callbacks work on. They must not throw through C.
struct Exchange
{
    HubReply& reply;
    const std::function<bool()>& stopped;
    const HubHttp::Receiver* receiver;
    std::size_t maxBytes;
    CURL* curl;
    std::chrono::seconds patience; ///< without a byte
    Clock::time_point lastByte = Clock::now();
    curl_off_t received = 0;
    bool begun = false, tooLong = false, stalled = false;
    std::exception_ptr thrown = nullptr;
};

/// Where the content begins that comes with the status 206; nothing when the header is not one.
std::optional<std::uint64_t> rangeStart(const std::string& header)
{
    unsigned long long start = 0;
    if (std::sscanf(header.c_str(), "bytes %llu-", &start) != 1)
        return std::nullopt;
    return start;
}

std::size_t takeBody(char* data, std::size_t, std::size_t size, void* context)
{
    auto& exchange = *static_cast<Exchange*>(context);
    try {
        long status = 0;
        curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
        if (exchange.receiver) {
            if (status != 200 && status != 206)
                return size; // the page that goes with an error
            if (!std::exchange(exchange.begun, true)) {
                const auto start = status == 206 ? rangeStart(exchange.reply.header("content-range")) : 0;
                if (!start || (*start != 0 && *start != exchange.receiver->have()))
                    fail("the server sends another part of the file than was asked for");
                if (*start == 0 && exchange.receiver->have() > 0)
                    exchange.receiver->restart();
            }
            exchange.receiver->append({data, size});
        } else {
            if (exchange.reply.body.size() + size > exchange.maxBytes) {
                exchange.tooLong = true;
                return 0;
            }
            exchange.reply.body.append(data, size);
        }
        return size;
    } catch (...) {
        exchange.thrown = std::current_exception();
        return 0;
    }
}

std::size_t takeHeader(char* data, std::size_t, std::size_t size, void* context)
{
    auto& headers = static_cast<Exchange*>(context)->reply.headers;
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) // of the answer that counts, after "100 Continue"
        headers.clear();
    const auto colon = line.find(':');
    if (colon != line.npos && size <= kMaxHeaderBytes && headers.size() < kMaxHeaders)
        headers[lowerCase(line.substr(0, colon))] = std::string(trimmed(line.substr(colon + 1)));
    return size;
}

int watch(void* context, curl_off_t, curl_off_t received, curl_off_t, curl_off_t)
{
    auto& exchange = *static_cast<Exchange*>(context);
    try {
        // libcurl's own watch over slow connections looks at an average, which says so late.
        const auto before = Clock::now();
        if (std::exchange(exchange.received, received) != received)
            exchange.lastByte = before;
        exchange.stalled = before - exchange.lastByte > exchange.patience;
        if (exchange.stopped() || exchange.stalled)
            return 1;
        exchange.lastByte += Clock::now() - before; // paused by the user
        return 0;
    } catch (...) {
        exchange.thrown = std::current_exception();
        return 1;
    }
}

} // namespace

HubHttp::HubHttp(const HubOptions& options, std::function<bool()> stopped, std::function<void(const std::string&)> warn)
    : m_d(std::make_unique<Private>())
{
    initialiseCurl();
    m_d->options = options;
    m_d->endpoint = options.endpoint.substr(0, options.endpoint.find_last_not_of('/') + 1);
    const auto origin = originOf(m_d->endpoint);
    // The address itself is not repeated: it may hold a password.
    if (!origin || m_d->endpoint.find_first_of("?#") != std::string::npos)
        fail("HF_ENDPOINT is not the address of a hub; write it as https://HOST, without a user's name");
    m_d->origin = *origin;
    m_d->stopped = std::move(stopped);
    m_d->warn = std::move(warn);
    if (!options.token.empty() && origin->scheme == "http" && !isThisMachine(*origin))
        m_d->warn(fmt::format("HF_ENDPOINT is not encrypted: your token goes to {} in the clear", origin->host));
    m_d->curl = curl_easy_init();
    if (!m_d->curl)
        fail("libcurl cannot be used");
}

HubHttp::~HubHttp() { curl_easy_cleanup(m_d->curl); }

const std::string& HubHttp::endpoint() const { return m_d->endpoint; }

std::string HubHttp::escaped(std::string_view text)
{
    const std::unique_ptr<char, decltype(&curl_free)> value(
        curl_easy_escape(nullptr, text.data(), int(text.size())), &curl_free);
    return value ? std::string(value.get()) : std::string();
}

HubHttp::Attempt HubHttp::attempt(bool head, const std::string& path, std::size_t maxBytes, const Receiver* receiver)
{
    CURL* curl = m_d->curl;
    std::string url = m_d->endpoint + path;
    for (int hop = 0; hop < kMaxHops; ++hop) {
        const auto origin = originOf(url);
        Attempt result;
        if (!origin) {
            result.problem = "the server sends on to what is no address";
            return result;
        }
        if (origin->scheme == "http" && m_d->origin.scheme == "https") {
            result.problem = fmt::format("the server sends on to {}, which is not encrypted", origin->host);
            return result;
        }
        Exchange exchange {.reply = result.reply,
            .stopped = m_d->stopped,
            .receiver = receiver,
            .maxBytes = maxBytes,
            .curl = curl,
            .patience = std::chrono::seconds(m_d->options.stallSeconds)};
        curl_easy_reset(curl); // keeps the connections
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
        // Certificates of a proxy at work: the variable that OpenSSL, and so Python, reads.
        if (const std::string file = environmentVariable("SSL_CERT_FILE"); !file.empty())
            curl_easy_setopt(curl, CURLOPT_CAINFO, file.c_str());
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, kBufferBytes);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, kUserAgent);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &takeBody);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &takeHeader);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &watch);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_NOBODY, head ? 1L : 0L);

        // Sizes and hashes are those of the content, so it must come as it is.
        curl_slist* headers = curl_slist_append(nullptr, "Accept-Encoding: identity");
        if (!m_d->options.token.empty() && *origin == m_d->origin)
            headers = curl_slist_append(headers, ("Authorization: Bearer " + m_d->options.token).c_str());
        if (receiver && receiver->have() > 0)
            headers = curl_slist_append(headers, fmt::format("Range: bytes={}-", receiver->have()).c_str());
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        const CURLcode code = curl_easy_perform(curl);
        curl_slist_free_all(headers);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &result.reply.status);
        curl_off_t retryAfter = 0;
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retryAfter);
        result.retryAfter = double(retryAfter);

        if (exchange.thrown)
            std::rethrow_exception(exchange.thrown);
        if (m_d->stopped())
            fail("The download was stopped; what has come in is kept, and the same command goes on from it");
        if (exchange.tooLong) {
            result.problem = fmt::format("the answer is larger than the {} bytes that are accepted", maxBytes);
            return result;
        }
        if (code != CURLE_OK) {
            result.problem = exchange.stalled
                ? fmt::format("{}: nothing came in for {} s", origin->host, m_d->options.stallSeconds)
                : fmt::format("{}: {}", origin->host, curl_easy_strerror(code));
            result.mayPass = exchange.stalled || mayPass(code);
            return result;
        }
        m_d->reached = true;
        const bool saysEnough
            = head && !result.reply.header("x-linked-etag").empty() && !result.reply.header("x-linked-size").empty();
        if (!isRedirect(result.reply.status) || saysEnough)
            return result;
        char* next = nullptr;
        curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
        if (!next) {
            result.problem = "the server sends on to nowhere";
            return result;
        }
        url = next;
    }
    Attempt result;
    result.problem = "the server sends in circles";
    return result;
}

HubReply HubHttp::repeated(bool head, const std::string& path, std::size_t maxBytes, const Receiver* receiver)
{
    double delay = m_d->options.firstDelay;
    int left = m_d->options.attempts;
    for (;;) {
        const std::uint64_t before = receiver ? receiver->have() : 0;
        Attempt result = attempt(head, path, maxBytes, receiver);
        const long status = result.reply.status;
        const bool content = status == 200 || status == 206;
        if (receiver && content && receiver->size && receiver->have() == *receiver->size)
            return std::move(result.reply); // however the connection ended
        if (receiver && result.problem.empty() && content && receiver->size) {
            result.problem = "the connection ended early";
            result.mayPass = true;
        }
        if (result.problem.empty() && (status == 429 || status >= 500)) {
            result.problem = status == 429 ? fmt::format("{} asks for patience (HTTP 429)", m_d->origin.host)
                                           : fmt::format("{} has trouble (HTTP {})", m_d->origin.host, status);
            result.mayPass = true;
        }
        if (result.problem.empty())
            return std::move(result.reply);
        if (!m_d->reached)
            fail("The hub cannot be reached ({}); look at the network and its proxy (https_proxy), or name a mirror in "
                 "HF_ENDPOINT",
                result.problem);
        if (receiver && receiver->have() > before) { // it gets on
            left = m_d->options.attempts + 1;
            delay = m_d->options.firstDelay;
        }
        if (!result.mayPass)
            fail("{}", result.problem);
        if (--left <= 0)
            fail("{}, {} times in a row; what has come in is kept, try again later", result.problem,
                m_d->options.attempts);
        if (result.retryAfter > kLongestRetryAfter)
            fail("{} and wants {:.0f} minutes of it; what has come in is kept, try again then", result.problem,
                result.retryAfter / 60.0);
        const double seconds = std::max(result.retryAfter, delay);
        m_d->warn(fmt::format("{}; trying again in {:.0f} s", result.problem, std::max(seconds, 1.0)));
        wait(seconds);
        delay = std::min(2.0 * delay, kLongestDelay);
    }
}

void HubHttp::wait(double seconds) const
{
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
        if (m_d->stopped())
            fail("The download was stopped; what has come in is kept, and the same command goes on from it");
        std::this_thread::sleep_for(kPoll);
    }
}

HubReply HubHttp::get(const std::string& path, std::size_t maxBytes)
{
    return repeated(false, path, maxBytes, nullptr);
}

HubReply HubHttp::head(const std::string& path) { return repeated(true, path, 0, nullptr); }

HubReply HubHttp::download(const std::string& path, const Receiver& receiver)
{
    return repeated(false, path, 0, &receiver);
}

} // namespace mpo
