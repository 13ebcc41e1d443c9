// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QCryptographicHash>
#include <QString>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// A hub for tests, on two ports of this machine: the hub itself, and the store that large files are fetched from. It
/// speaks the paths that a download needs, and misbehaves as the test says.
class FakeHub
{
public:
    struct File
    {
        std::string content;
        bool large = false;
        std::string etag; ///< empty: the right one
    };
    struct Request
    {
        std::string method, path;
        std::map<std::string, std::string> headers; ///< names in lower case
        bool toStore = false;
    };
    struct Reply
    {
        int status = 200;
        std::map<std::string, std::string> headers;
        std::string body;
        std::size_t cutAfter = std::string::npos; ///< bytes of the body after which the connection ends
        std::size_t chunk = std::string::npos; ///< bytes written at once
        std::chrono::milliseconds pause {0}; ///< between two of them
    };
    using Twist = std::function<void(const Request& request, Reply& reply, int count)>; ///< count: from 1

    FakeHub()
        : m_hub(listenOnAnyPort())
        , m_store(listenOnAnyPort())
    {
        m_threads.emplace_back([this] { accept(m_hub, false); });
        m_threads.emplace_back([this] { accept(m_store, true); });
    }
    ~FakeHub()
    {
        m_ends = true;
        for (const int listening : {m_hub, m_store})
            ::shutdown(listening, SHUT_RDWR);
        m_threads.clear(); // joins
        for (const int listening : {m_hub, m_store})
            ::close(listening);
    }

    std::string repository = "tiny/model", commit = "00112233445566778899aabbccddeeff00112233";
    std::map<std::string, File> files;
    std::vector<std::string> listed; ///< names that the listing has besides
    std::string gated; ///< token that opens the model; empty: it is open

    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(portOf(m_hub)); }

    /// Changes what is answered to requests whose path ends so.
    void twist(const std::string& pathEnd, Twist change)
    {
        const std::lock_guard lock(m_mutex);
        m_twists[pathEnd] = {std::move(change), 0};
    }
    std::vector<Request> requests() const
    {
        const std::lock_guard lock(m_mutex);
        return m_requests;
    }
    /// GETs of a path that ends so.
    int fetches(const std::string& pathEnd) const
    {
        int count = 0;
        for (const Request& request : requests())
            count += request.method == "GET" && request.path.ends_with(pathEnd) ? 1 : 0;
        return count;
    }

    static std::string hex(const std::string& content, QCryptographicHash::Algorithm algorithm)
    {
        return QCryptographicHash::hash(QByteArray::fromStdString(content), algorithm).toHex().toStdString();
    }
    static std::string etagOf(const File& file)
    {
        if (!file.etag.empty())
            return file.etag;
        if (file.large)
            return hex(file.content, QCryptographicHash::Sha256);
        return hex("blob " + std::to_string(file.content.size()) + std::string(1, '\0') + file.content,
            QCryptographicHash::Sha1);
    }

private:
    static int listenOnAnyPort()
    {
        const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0
            || ::listen(listening, 16) != 0)
            qFatal("no port for the test's server");
        return listening;
    }
    static int portOf(int listening)
    {
        sockaddr_in address {};
        socklen_t size = sizeof address;
        ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }

    void accept(int listening, bool store)
    {
        std::list<std::jthread> connections;
        while (!m_ends) {
            const int connection = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
            if (connection < 0)
                return;
            connections.emplace_back([this, connection, store] {
                serve(connection, store);
                ::close(connection);
            });
        }
    }

    void serve(int connection, bool store)
    {
        std::string text;
        while (text.find("\r\n\r\n") == std::string::npos) {
            char buffer[4096];
            const auto got = ::recv(connection, buffer, sizeof buffer, 0);
            if (got <= 0)
                return;
            text.append(buffer, std::size_t(got));
        }
        Request request;
        request.toStore = store;
        std::size_t at = text.find("\r\n");
        const std::string first = text.substr(0, at);
        request.method = first.substr(0, first.find(' '));
        request.path = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
        while (at + 2 < text.size() && text.compare(at, 4, "\r\n\r\n") != 0) {
            const std::size_t next = text.find("\r\n", at + 2);
            const std::string line = text.substr(at + 2, next - at - 2);
            const auto colon = line.find(": ");
            const QByteArray name = QByteArray::fromStdString(line.substr(0, colon)).toLower();
            request.headers[name.toStdString()] = line.substr(colon + 2);
            at = next;
        }

        Reply reply = answerTo(request);
        {
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(request);
            for (auto& [end, entry] : m_twists)
                if (request.path.ends_with(end))
                    entry.first(request, reply, ++entry.second);
        }
        std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " -\r\nConnection: close\r\n";
        if (!reply.headers.contains("Content-Length"))
            reply.headers["Content-Length"] = std::to_string(reply.body.size());
        for (const auto& [name, value] : reply.headers)
            head += name + ": " + value + "\r\n";
        send(connection, head + "\r\n");
        if (request.method == "HEAD")
            return;
        const std::string body = reply.body.substr(0, reply.cutAfter);
        for (std::size_t sent = 0; sent < body.size() && !m_ends;) {
            const std::size_t size = std::min(reply.chunk, body.size() - sent);
            if (!send(connection, body.substr(sent, size)))
                return;
            sent += size;
            std::this_thread::sleep_for(reply.pause);
        }
    }

    static bool send(int connection, const std::string& bytes)
    {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const auto wrote = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (wrote <= 0)
                return false;
            sent += std::size_t(wrote);
        }
        return true;
    }

    Reply answerTo(const Request& request) const
    {
        Reply reply;
        if (request.toStore) {
            const auto found = files.find(request.path.substr(request.path.rfind('/') + 1));
            if (found == files.end())
                reply.status = 404;
            else
                giveContent(request, found->second.content, reply);
            return reply;
        }
        const auto token = request.headers.find("authorization");
        if (!gated.empty() && (token == request.headers.end() || token->second != "Bearer " + gated)) {
            reply.status = token == request.headers.end() ? 401 : 403;
            reply.headers["X-Error-Code"] = "GatedRepo";
            return reply;
        }
        const std::string api = "/api/models/" + repository + "/revision/", resolve = "/" + repository + "/resolve/";
        if (request.path.starts_with(api)) {
            const std::string revision = request.path.substr(api.size());
            if (revision != "main" && revision != commit && revision != "refs%2Fpr%2F1") {
                reply.status = 404;
                reply.headers["X-Error-Code"] = "RevisionNotFound";
                return reply;
            }
            std::string names;
            const auto list = [&](const std::string& name) {
                names += (names.empty() ? "" : ", ") + std::string("{\"rfilename\": \"") + name + "\"}";
            };
            for (const auto& [name, file] : files)
                list(name);
            for (const std::string& name : listed)
                list(name);
            reply.body = "{\"sha\": \"" + commit + "\", \"siblings\": [" + names + "]}";
        } else if (request.path.starts_with(resolve)) {
            const std::string name = request.path.substr(resolve.size() + commit.size() + 1);
            const auto found = files.find(name);
            if (found == files.end()) {
                reply.status = 404;
                reply.headers["X-Error-Code"] = "EntryNotFound";
                return reply;
            }
            const std::string etag = "\"" + etagOf(found->second) + "\"";
            reply.headers["ETag"] = etag;
            if (found->second.large) {
                reply.status = 302;
                reply.headers["X-Linked-Etag"] = etag;
                reply.headers["X-Linked-Size"] = std::to_string(found->second.content.size());
                reply.headers["Location"] = "http://127.0.0.1:" + std::to_string(portOf(m_store)) + "/large/" + name;
            } else {
                giveContent(request, found->second.content, reply);
            }
        } else {
            reply.status = 404;
            reply.headers["X-Error-Code"] = "RepoNotFound";
        }
        return reply;
    }

    static void giveContent(const Request& request, const std::string& content, Reply& reply)
    {
        reply.body = content;
        const auto range = request.headers.find("range");
        if (range == request.headers.end())
            return;
        const auto from = std::size_t(std::stoull(range->second.substr(std::string("bytes=").size())));
        if (from >= content.size()) {
            reply.status = 416;
            reply.body.clear();
            return;
        }
        reply.status = 206;
        reply.body = content.substr(from);
        reply.headers["Content-Range"] = "bytes " + std::to_string(from) + "-" + std::to_string(content.size() - 1)
            + "/" + std::to_string(content.size());
    }

    int m_hub, m_store;
    std::atomic<bool> m_ends {false};
    mutable std::mutex m_mutex;
    std::map<std::string, std::pair<Twist, int>> m_twists;
    std::vector<Request> m_requests;
    std::list<std::jthread> m_threads; ///< last: they use all the rest
};
