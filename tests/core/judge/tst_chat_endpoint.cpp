// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/judge/chat_endpoint.h"
#include "tests/common/fake_judge.h"
#include "tests/common/message_of.h"

#include <QElapsedTimer>
#include <QTest>

using namespace mpo;
using std::chrono::milliseconds;

/// Against a server on this machine that misbehaves in each way in turn.
class TestChatEndpoint : public QObject
{
    Q_OBJECT

    static constexpr const char* kKey = "sk-canary-0123456789";

    static ChatEndpointOptions optionsFor(const FakeJudge& server)
    {
        ChatEndpointOptions options;
        options.baseUrl = server.baseUrl();
        options.key = kKey;
        options.attempts = 3;
        options.firstDelay = 0.01;
        options.timeout = 5.0;
        return options;
    }

    std::vector<std::string> m_warnings;
    ChatAnswer ask(const ChatEndpointOptions& options)
    {
        ChatEndpoint endpoint(
            options, [] { return false; }, [this](const std::string& text) { m_warnings.push_back(text); });
        return endpoint.complete({{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "hello"}}}}});
    }
    /// The sentence it fails with; must name no key.
    std::string failureOf(const ChatEndpointOptions& options, bool* isFailureOfOne = nullptr)
    {
        std::string message = "no error";
        try {
            ask(options);
        } catch (const ChatFailure& failure) {
            message = failure.what();
            if (isFailureOfOne)
                *isFailureOfOne = true;
        } catch (const Error& error) {
            message = error.what();
            if (isFailureOfOne)
                *isFailureOfOne = false;
        }
        return message.find(kKey) == std::string::npos ? message : "the key is shown: " + message;
    }

private Q_SLOTS:
    void init() { m_warnings.clear(); }

    void asksAsOpenAiHasIt()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) { return FakeJudge::says("an answer \xc3\xa4"); });
        const ChatAnswer answer = ask(optionsFor(server));
        QCOMPARE(answer.text, std::string("an answer \xc3\xa4"));
        QCOMPARE(answer.promptTokens, std::optional<std::int64_t>(100));
        QCOMPARE(answer.answerTokens, std::optional<std::int64_t>(10));
        QCOMPARE(answer.attempts, 1);
        const auto request = server.requests().at(0);
        QCOMPARE(request.path, std::string("/v1/chat/completions"));
        QCOMPARE(request.authorization, std::string("Bearer ") + kKey);
        QCOMPARE(request.question, std::string("hello"));
    }

    void noKeyNoHeader()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) { return FakeJudge::says("x"); });
        ChatEndpointOptions options = optionsFor(server);
        options.key.clear();
        options.baseUrl += "//";
        ask(options);
        QVERIFY(server.requests().at(0).authorization.empty());
        QCOMPARE(server.requests().at(0).path, std::string("/v1/chat/completions"));
    }

    void badMomentsPass_data()
    {
        QTest::addColumn<int>("kind");
        for (int kind = 0; kind < 7; ++kind)
            QTest::addRow("%d", kind) << kind;
    }
    void badMomentsPass()
    {
        QFETCH(int, kind);
        const FakeJudge server([&](const FakeJudge::Request&, int count) {
            FakeJudge::Reply good = FakeJudge::says("at last");
            if (count == 3)
                return good;
            switch (kind) {
            case 0:
                return FakeJudge::trouble(429);
            case 1:
                return FakeJudge::trouble(500);
            case 2:
                return FakeJudge::trouble(503, {}, "<html>busy</html>");
            case 3: // closes in the middle
                good.cutAfter = 20;
                return good;
            case 4: // half JSON, but a whole answer by its length
                good.body.resize(good.body.size() / 2);
                return good;
            case 5: // too slow
                good.before = milliseconds(700);
                return good;
            default: // says nothing at all
                good.cutAfter = 0;
                return good;
            }
        });
        ChatEndpointOptions options = optionsFor(server);
        options.timeout = kind == 5 ? 0.3 : 5.0;
        const ChatAnswer answer = ask(options);
        QCOMPARE(answer.text, std::string("at last"));
        QCOMPARE(answer.attempts, 3);
        QCOMPARE(m_warnings.size(), std::size_t(2));
        QVERIFY(m_warnings[0].find("trying again") != std::string::npos);
    }

    void badMomentsWithoutEndFailThisQuestion()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) { return FakeJudge::trouble(500); });
        bool one = false;
        const std::string message = failureOf(optionsFor(server), &one);
        QVERIFY2(one && message.find("HTTP 500), 3 times in a row") != std::string::npos, message.c_str());
        QCOMPARE(server.requests().size(), std::size_t(3));
    }

    void waitsAsLongAsTheServerAsks()
    {
        const FakeJudge server([](const FakeJudge::Request&, int count) {
            return count == 1 ? FakeJudge::trouble(429, {{"Retry-After", "1"}}) : FakeJudge::says("x");
        });
        QElapsedTimer timer;
        timer.start();
        ask(optionsFor(server));
        QVERIFY(timer.elapsed() >= 1000);
    }

    void butNotForHours()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) {
            return FakeJudge::trouble(429, {{"Retry-After", "7200"}});
        });
        bool one = true;
        const std::string message = failureOf(optionsFor(server), &one);
        QVERIFY2(!one && message.find("120 minutes") != std::string::npos, message.c_str());
    }

    void tenMegabytesAreNotTakenIn()
    {
        const FakeJudge server(
            [](const FakeJudge::Request&, int) { return FakeJudge::says(std::string(std::size_t(10) << 20, 'x')); });
        bool one = false;
        const std::string message = failureOf(optionsFor(server), &one);
        QVERIFY2(one && message.find("larger than the 4194304 bytes") != std::string::npos, message.c_str());
        QCOMPARE(server.requests().size(), std::size_t(1)); // paying for it again would not help
    }

    void answersWithoutText_data()
    {
        QTest::addColumn<QByteArray>("body");
        for (const char* body : {"{}", "[]", "null", "{\"choices\": []}", "{\"choices\": [{}]}", "{\"choices\": [3]}",
                 "{\"choices\": [{\"message\": {\"content\": 7}}]}", "{\"choices\": {\"message\": 1}}"})
            QTest::newRow(body) << QByteArray(body);
    }
    void answersWithoutText()
    {
        QFETCH(QByteArray, body);
        const FakeJudge server(
            [&](const FakeJudge::Request&, int) { return FakeJudge::trouble(200, {}, body.toStdString()); });
        bool one = false;
        const std::string message = failureOf(optionsFor(server), &one);
        QVERIFY2(one && message.find("no text of a reply") != std::string::npos, message.c_str());
        QCOMPARE(server.requests().size(), std::size_t(1));
    }

    void emptyContentIsAnAnswer()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) {
            return FakeJudge::trouble(
                200, {}, R"({"choices": [{"message": {"content": null}}], "usage": {"prompt_tokens": -4}})");
        });
        const ChatAnswer answer = ask(optionsFor(server));
        QVERIFY(answer.text.empty() && !answer.promptTokens && !answer.answerTokens);
    }

    /// No later call can go better: the whole ends, with what the server says and without the key, which it echoes
    /// here.
    void refusals_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("401") << 401 << QByteArray("refuses the key (HTTP 401): wrong key [key]; look at the variable");
        QTest::newRow("403") << 403 << QByteArray("refuses the key (HTTP 403)");
        QTest::newRow("404") << 404 << QByteArray("refuses the request (HTTP 404): wrong key [key]");
        QTest::newRow("400") << 400 << QByteArray("refuses the request (HTTP 400)");
        QTest::newRow("307") << 307 << QByteArray("sends on to another address (HTTP 307)");
    }
    void refusals()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, says);
        const FakeJudge server([&](const FakeJudge::Request&, int) {
            return FakeJudge::trouble(status, {{"Location", "http://127.0.0.1:1/v1"}},
                R"({"error": {"message": "wrong key )" + std::string(kKey) + R"("}})");
        });
        bool one = true;
        const std::string message = failureOf(optionsFor(server), &one);
        QVERIFY2(!one && message.find(says.constData()) != std::string::npos, message.c_str());
        QCOMPARE(server.requests().size(), std::size_t(1));
    }

    void aKeyThatComesBackIsTakenOut()
    {
        const FakeJudge server([](const FakeJudge::Request& request, int) {
            return FakeJudge::says("You sent " + request.authorization + " twice: " + kKey);
        });
        QCOMPARE(ask(optionsFor(server)).text, std::string("You sent Bearer [key] twice: [key]"));
    }

    void nobodyThere()
    {
        ChatEndpointOptions options;
        {
            const FakeJudge server([](const FakeJudge::Request&, int) { return FakeJudge::says("x"); });
            options = optionsFor(server);
        }
        bool one = false;
        const std::string message = failureOf(options, &one);
        QVERIFY2(one && message.find("3 times in a row") != std::string::npos, message.c_str());
    }

    void addressesThatAreNone()
    {
        for (const char* url :
            {"", "localhost", "ftp://host/v1", "https://user:secret@host/v1", "https://host/v1?key=1"}) {
            ChatEndpointOptions options;
            options.baseUrl = url;
            const std::string message = failureOf(options);
            QVERIFY2(message.find("not the address of an endpoint") != std::string::npos, message.c_str());
            QVERIFY(message.find("secret") == std::string::npos);
        }
        ChatEndpointOptions broken;
        broken.baseUrl = "https://host/v1";
        broken.key = "two\nlines";
        QVERIFY(failureOf(broken).find("line break") != std::string::npos);
    }

    void keysInTheClearAreWarnedOf()
    {
        ChatEndpointOptions options;
        options.baseUrl = "http://judge.example/v1";
        options.key = kKey;
        const ChatEndpoint endpoint(
            options, [] { return false; }, [this](const std::string& text) { m_warnings.push_back(text); });
        QCOMPARE(m_warnings.size(), std::size_t(1));
        QVERIFY(
            m_warnings[0].find("judge.example") != std::string::npos && m_warnings[0].find(kKey) == std::string::npos);
    }

    void stopsAtOnce()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) {
            FakeJudge::Reply reply = FakeJudge::says("x");
            reply.before = milliseconds(20000);
            return reply;
        });
        QElapsedTimer timer;
        timer.start();
        ChatEndpointOptions options = optionsFor(server);
        options.timeout = 60.0;
        ChatEndpoint endpoint(
            options, [&] { return timer.elapsed() > 300; }, [](const std::string&) {});
        QVERIFY(messageOf([&] { endpoint.complete({{"model", "m"}}); }).find("was stopped") != std::string::npos);
        QVERIFY(timer.elapsed() < 5000);
    }

    void keepsToTheRate()
    {
        const FakeJudge server([](const FakeJudge::Request&, int) { return FakeJudge::says("x"); });
        ChatEndpointOptions options = optionsFor(server);
        options.perMinute = 300.0; // one in 200 ms
        ChatEndpoint endpoint(
            options, [] { return false; }, [](const std::string&) {});
        QElapsedTimer timer;
        timer.start();
        for (int i = 0; i < 4; ++i)
            endpoint.complete({{"model", "m"}});
        QVERIFY(timer.elapsed() >= 600);
    }
};

QTEST_GUILESS_MAIN(TestChatEndpoint)
#include "tst_chat_endpoint.moc"
