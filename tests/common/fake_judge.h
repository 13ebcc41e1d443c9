// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// An endpoint of chat completions on this machine, which answers and misbehaves as the test says.
class FakeJudge
{
public:
    struct Request
    {
        std::string path, authorization, body;
        mpo::Json json; ///< the body
        std::string question; ///< content of the last message
        std::string mark; ///< that the verdict has to bear
    };
    struct Reply
    {
        int status = 200;
        std::map<std::string, std::string> headers;
        std::string body;
        std::size_t cutAfter = std::string::npos; ///< bytes of the body after which the connection ends
        std::chrono::milliseconds before {0}; ///< pause before anything is sent
    };
    /// count: of all requests so far, from 1
    using Answer = std::function<Reply(const Request& request, int count)>;

    explicit FakeJudge(Answer answer)
        : m_answer(std::move(answer))
        , m_listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(m_listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0
            || ::listen(m_listening, 16) != 0)
            std::abort();
        m_thread = std::jthread([this] { accept(); });
    }
    ~FakeJudge()
    {
        m_ends = true;
        ::shutdown(m_listening, SHUT_RDWR);
        m_thread.join();
        ::close(m_listening);
    }
    FakeJudge(const FakeJudge&) = delete;
    FakeJudge& operator=(const FakeJudge&) = delete;

    std::string baseUrl() const
    {
        sockaddr_in address {};
        socklen_t size = sizeof address;
        ::getsockname(m_listening, reinterpret_cast<sockaddr*>(&address), &size);
        return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/v1";
    }
    std::vector<Request> requests() const
    {
        const std::lock_guard lock(m_mutex);
        return m_requests;
    }

    /// A whole answer with this text; 100 tokens asked, 10 answered.
    static Reply says(const std::string& text)
    {
        Reply reply;
        reply.body = mpo::toLine(
            {{"id", "x"}, {"choices", {{{"index", 0}, {"message", {{"role", "assistant"}, {"content", text}}}}}},
                {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 10}}}});
        return reply;
    }
    /// "1", "2" or "tie" as the question wants to have it.
    static Reply verdict(const Request& request, const std::string& choice)
    {
        return says("Both have their merits.\nVERDICT " + request.mark + ": " + choice);
    }
    static Reply trouble(
        int status, const std::map<std::string, std::string>& headers = {}, const std::string& body = {})
    {
        return {status, headers, body, std::string::npos, std::chrono::milliseconds(0)};
    }

private:
    void accept()
    {
        std::list<std::jthread> connections;
        while (!m_ends) {
            const int connection = ::accept4(m_listening, nullptr, nullptr, SOCK_CLOEXEC);
            if (connection < 0)
                return;
            connections.emplace_back([this, connection] {
                serve(connection);
                ::close(connection);
            });
        }
    }

    void serve(int connection)
    {
        std::string text;
        const auto more = [&] {
            char buffer[65536];
            const auto got = ::recv(connection, buffer, sizeof buffer, 0);
            if (got > 0)
                text.append(buffer, std::size_t(got));
            return got > 0;
        };
        while (text.find("\r\n\r\n") == std::string::npos)
            if (!more())
                return;
        const std::size_t head = text.find("\r\n\r\n");
        const auto header = [&](const std::string& name) -> std::string {
            const std::size_t at = text.find("\r\n" + name + ": ");
            if (at == std::string::npos || at > head)
                return {};
            const std::size_t from = at + name.size() + 4;
            return text.substr(from, text.find("\r\n", from) - from);
        };
        const std::size_t size = std::strtoul(header("Content-Length").c_str(), nullptr, 10);
        while (text.size() < head + 4 + size)
            if (!more())
                return;
        Request request;
        request.path = text.substr(text.find(' ') + 1, text.find(' ', text.find(' ') + 1) - text.find(' ') - 1);
        request.authorization = header("Authorization");
        request.body = text.substr(head + 4, size);
        request.json = mpo::Json::parse(request.body, nullptr, false);
        if (request.json.is_object() && request.json.contains("messages")) {
            request.question = request.json["messages"].back().at("content").get<std::string>();
            if (const std::size_t at = request.question.rfind("VERDICT "); at != std::string::npos)
                request.mark = request.question.substr(at + 8, request.question.find(':', at) - at - 8);
        }
        int count = 0;
        {
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(request);
            count = int(m_requests.size());
        }
        const Reply reply = m_answer(request, count);
        for (auto left = reply.before; left.count() > 0 && !m_ends; left -= std::chrono::milliseconds(20))
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        std::string out = "HTTP/1.1 " + std::to_string(reply.status)
            + " -\r\nConnection: close\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n";
        for (const auto& [name, value] : reply.headers)
            out += name + ": " + value + "\r\n";
        out += "\r\n" + reply.body.substr(0, reply.cutAfter);
        for (std::size_t sent = 0; sent < out.size() && !m_ends;) {
            const auto wrote = ::send(connection, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
            if (wrote <= 0)
                return;
            sent += std::size_t(wrote);
        }
    }

    Answer m_answer;
    int m_listening;
    std::atomic<bool> m_ends {false};
    mutable std::mutex m_mutex;
    std::vector<Request> m_requests;
    std::jthread m_thread; ///< last: it uses all the rest
};
