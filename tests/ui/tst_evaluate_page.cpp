// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/project.h"
#include "core/support/file.h"
#include "tests/common/near.h"
#include "ui/engine_bridge.h"
#include "ui/pages/evaluate_judging.h"
#include "ui/pages/evaluate_page.h"
#include "ui/pages/evaluate_results.h"
#include "ui/pages/evaluate_session_model.h"

#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>

#include <mutex>

using namespace mpo;

namespace {

constexpr int kItems = 10;
const std::string kModelA = "tuned-zebra", kModelB = "models/base-walrus";

/// A stands on the left of even items; both say the same in item 6.
std::vector<EvaluationItemInput> makeItems()
{
    std::vector<EvaluationItemInput> items;
    for (int i = 0; i < kItems; ++i) {
        const std::string number = std::to_string(i);
        EvaluationItemInput item {
            "Prompt " + number, "Reply <b>x" + number + "</b> one", "Reply <b>x" + number + "</b> two", i % 2 == 0, i};
        if (i == 6)
            item.responseB = item.responseA;
        items.push_back(item);
    }
    return items;
}

EvaluationRow makeRow(const std::string& name)
{
    EvaluationRow row;
    row.name = name;
    row.sourceA = kModelA;
    row.sourceB = kModelB;
    row.items = kItems;
    row.created = nowUtc();
    return row;
}

/// Every text a judge could read on the page, in tool-tips and window titles too.
QStringList readableTexts(QWidget* page)
{
    QStringList texts;
    for (QWidget* widget : page->findChildren<QWidget*>()) {
        if (!widget->isVisibleTo(page))
            continue;
        texts << widget->toolTip() << widget->accessibleName() << widget->accessibleDescription()
              << widget->windowTitle();
        if (auto* label = qobject_cast<QLabel*>(widget))
            texts << label->text();
        if (auto* button = qobject_cast<QAbstractButton*>(widget))
            texts << button->text();
        if (auto* line = qobject_cast<QLineEdit*>(widget))
            texts << line->text() << line->placeholderText();
        if (auto* reader = qobject_cast<QPlainTextEdit*>(widget))
            texts << reader->toPlainText();
        if (auto* view = qobject_cast<QAbstractItemView*>(widget); view && view->model())
            for (int row = 0; row < view->model()->rowCount(); ++row)
                for (int column = 0; column < view->model()->columnCount(); ++column)
                    for (const int role : {int(Qt::DisplayRole), int(Qt::ToolTipRole)})
                        texts << view->model()->index(row, column).data(role).toString();
    }
    return texts;
}

bool namesAModel(QWidget* page)
{
    for (const QString& text : readableTexts(page))
        for (const char* name : {"zebra", "walrus"})
            if (text.contains(QLatin1String(name), Qt::CaseInsensitive))
                return true;
    return false;
}

} // namespace

class TestEvaluatePage : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    std::shared_ptr<Project> m_project;
    std::unique_ptr<EngineBridge> m_bridge;
    std::unique_ptr<Selection> m_selection;
    std::unique_ptr<EvaluatePage> m_page;
    std::vector<Command> m_commands;
    std::mutex m_mutex;

    template<class T>
    T* child(const char* name)
    {
        T* found = m_page->findChild<T*>(QLatin1String(name));
        if (!found)
            qFatal("no child %s", name);
        return found;
    }

    void makePage()
    {
        m_page = std::make_unique<EvaluatePage>(*m_bridge, *m_selection);
        m_page->resize(1080, 660);
        m_page->show();
    }

    void press(Qt::Key key) { QTest::keyClick(m_page->judging(), key); }
    QString prompt() { return child<QPlainTextEdit>("prompt")->toPlainText(); }
    std::vector<EvaluationItemRow> stored(std::int64_t id) { return m_project->evaluationItems(id); }

private Q_SLOTS:
    void init()
    {
        static int number = 0;
        m_commands.clear();
        m_project = Project::open(m_folder.filePath(QStringLiteral("e%1.mpo").arg(++number)).toStdString());
        m_bridge = std::make_unique<EngineBridge>(m_project,
            [this](const Command& command, Project& project, const EventSink& sink, std::stop_token, PauseGate&) {
                const std::lock_guard lock(m_mutex);
                m_commands.push_back(command);
                if (const auto* create = std::get_if<CreateEvaluation>(&command)) {
                    EvaluationRow row = makeRow(create->name);
                    sink(EvaluationCreated {project.addEvaluation(row, makeItems()), row.name});
                }
            });
        m_selection = std::make_unique<Selection>(m_project);
    }

    void cleanup()
    {
        m_page.reset();
        m_selection.reset();
        m_bridge.reset();
        m_project.reset();
    }

    void judgesAWholeSessionByKeys()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("zebra against walrus"), makeItems());
        makePage();
        QVERIFY(!namesAModel(m_page.get())); // the name would give them away
        child<QPushButton>("openSession")->click();
        QVERIFY(m_page->judging()->isVisible());
        QVERIFY(!namesAModel(m_page.get()));
        // Text is shown as it is, tags and all.
        QCOMPARE(child<QPlainTextEdit>("leftResponse")->toPlainText(), QStringLiteral("Reply <b>x0</b> one"));
        QCOMPARE(child<QPlainTextEdit>("rightResponse")->toPlainText(), QStringLiteral("Reply <b>x0</b> two"));

        const auto expectStored = [&](int item, Verdict verdict) {
            const auto rows = stored(id);
            QVERIFY(rows[std::size_t(item)].verdict.has_value());
            QCOMPARE(int(*rows[std::size_t(item)].verdict), int(verdict));
        };
        const struct
        {
            Qt::Key key;
            Verdict verdict;
        } plan[] {
            {Qt::Key_1, Verdict::Left}, // 0: A
            {Qt::Key_Left, Verdict::Left}, // 1: B
            {Qt::Key_2, Verdict::Right}, // 2: B
            {Qt::Key_Right, Verdict::Right}, // 3: A
            {Qt::Key_0, Verdict::Tie}, // 4
            {Qt::Key_B, Verdict::BothBad}, // 5
        };
        QTest::qWait(30);
        for (int i = 0; i < 6; ++i) {
            QCOMPARE(prompt(), QStringLiteral("Prompt %1").arg(i));
            press(plan[i].key);
            expectStored(i, plan[i].verdict); // on disk by the time the next item is shown
            QVERIFY(!namesAModel(m_page.get()));
        }
        QVERIFY(stored(id)[0].seconds > 0.02);
        // Item 6 is identical: counted by rule, never shown.
        QCOMPARE(prompt(), QStringLiteral("Prompt 7"));
        expectStored(6, Verdict::Tie);
        QVERIFY(child<QLabel>("ruleNote")->isVisible());
        QCOMPARE(child<QLabel>("judgingProgress")->text(), QStringLiteral("8 of 10"));

        press(Qt::Key_1); // 7, a slip
        QCOMPARE(prompt(), QStringLiteral("Prompt 8"));
        press(Qt::Key_Backspace);
        QCOMPARE(prompt(), QStringLiteral("Prompt 7"));
        QVERIFY(!stored(id)[7].verdict.has_value());
        press(Qt::Key_C);
        auto* comment = child<QLineEdit>("comment");
        QTest::keyClicks(comment, QStringLiteral("1 clear b")); // letters and digits stay text here
        QTest::keyClick(comment, Qt::Key_Up);
        QVERIFY(!stored(id)[7].verdict.has_value());
        QTest::keyClick(comment, Qt::Key_Return);
        press(Qt::Key_2); // 7: A is on the right
        QCOMPARE(stored(id)[7].comment, std::string("1 clear b"));
        QVERIFY(comment->text().isEmpty());
        press(Qt::Key_Space); // 8 skipped
        expectStored(8, Verdict::Skip);
        press(Qt::Key_Up); // 9
        expectStored(9, Verdict::Tie);
        QVERIFY(!m_page->judging()->current().has_value());
        press(Qt::Key_1); // nothing left to judge
        QVERIFY(!namesAModel(m_page.get()));

        const auto* done = child<QLabel>("doneText");
        QVERIFY(done->isVisible() && !child<QPushButton>("closeSession")->isVisible());
        QVERIFY2(done->height() >= done->heightForWidth(done->width()), "the text is cut off");
        press(Qt::Key_Return);
        QVERIFY(m_project->evaluations().front().closed);
        QVERIFY(m_page->results()->isVisible());
        QVERIFY(namesAModel(m_page.get()));

        // By hand: A wins 0, 3, 7; B wins 1, 2; ties 4, 5 (bad), 6 (identical), 9; 8 skipped.
        const EvaluationResult& result = m_page->results()->result();
        QCOMPARE(result.forA.wins, std::int64_t(3));
        QCOMPARE(result.forA.losses, std::int64_t(2));
        QCOMPARE(result.forA.ties, std::int64_t(4));
        QCOMPARE(result.bothBad, std::int64_t(1));
        QCOMPARE(result.identical, std::int64_t(1));
        QCOMPARE(result.skipped, std::int64_t(1));
        QCOMPARE(result.left, std::int64_t(2));
        QCOMPARE(result.right, std::int64_t(3));
        COMPARE_NEAR(winRate(result.forA), 5.0 / 9.0, 1e-12);
        COMPARE_NEAR(signTest(result.forA), 1.0, 1e-9); // 3 of 5: 2 * (10 + 5 + 1) / 32
        COMPARE_NEAR(result.leftBiasP(), 1.0, 1e-9);
        // A true rate of 0.6 takes 194 decisive prompts (algorithms.md 4.2), 5 are there.
        QCOMPARE(result.moreNeeded(), std::int64_t(189));
        QVERIFY(child<QLabel>("headline")->text().contains(QStringLiteral("tuned-zebra")));
        QVERIFY(child<QLabel>("verdict")->text().contains(QStringLiteral("189")));

        const QString file = m_folder.filePath(QStringLiteral("pairs.jsonl"));
        m_page->results()->exportPairs(file);
        const QString text = QString::fromStdString(readTextFile(file.toStdString()));
        QCOMPARE(text.count(QLatin1Char('\n')), 5);
        QVERIFY(text.startsWith(QStringLiteral("{\"prompt\":\"Prompt 0\",\"chosen\":\"Reply <b>x0</b> one\"")));
    }

    void closesEarlyWhenConfirmed()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        m_page->openSession(id);
        press(Qt::Key_1);
        press(Qt::Key_Return); // nothing to confirm
        // Asked in place, and it can be declined.
        child<QPushButton>("closeSession")->click();
        QVERIFY(child<QPushButton>("confirmClose")->isVisible());
        child<QPushButton>("keepJudging")->click();
        child<QPushButton>("closeSession")->click();
        press(Qt::Key_Escape);
        QVERIFY(!m_project->evaluations().front().closed);
        QVERIFY(m_page->judging()->isVisible());
        child<QPushButton>("closeSession")->click();
        press(Qt::Key_Return);
        QVERIFY(m_project->evaluations().front().closed);
        QVERIFY(m_page->results()->isVisible());
        QCOMPARE(m_page->results()->result().unjudged, std::int64_t(kItems - 2)); // one was judged, one is identical
    }

    void longDialogueIsShownFromItsEnd()
    {
        std::vector<EvaluationItemInput> items = makeItems();
        items[0].prompt = "\n\n";
        for (int turn = 0; turn < 60; ++turn)
            items[0].prompt += "Human: turn " + std::to_string(turn) + "\n\nAssistant: yes\n\n";
        items[1].prompt = "\n\nHuman: short?\n\nAssistant:";
        items[1].responseA = "";
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), items);
        makePage();
        m_page->openSession(id);
        QTest::qWait(20);
        auto* reader = child<QPlainTextEdit>("prompt");
        const auto isAtEnd
            = [&] { return reader->verticalScrollBar()->value() == reader->verticalScrollBar()->maximum(); };
        QVERIFY(reader->verticalScrollBar()->maximum() > 0);
        QVERIFY(isAtEnd());
        QTest::keyClick(m_page->judging(), Qt::Key_PageUp, Qt::ShiftModifier);
        QVERIFY(!isAtEnd());
        QVERIFY(child<QPlainTextEdit>("leftResponse")->height() > 60); // the prompt leaves room for the responses
        press(Qt::Key_1);
        QTest::qWait(20);
        QCOMPARE(prompt(), QStringLiteral("Human: short?\n\nAssistant:"));
        QCOMPARE(reader->verticalScrollBar()->maximum(), 0); // all of it is seen
    }

    void winsByGapOfThePair()
    {
        // Twelve prompts, gap falling with the number of the pair; A wins where the gap is high, loses where it is low.
        std::vector<EvaluationItemRow> items(14);
        std::vector<EvaluationItemInput> key(14);
        std::vector<double> gaps;
        for (int i = 0; i < 14; ++i) {
            key[std::size_t(i)].pair = i;
            key[std::size_t(i)].aIsLeft = i % 2 == 0;
            gaps.push_back(12.0 - i);
            const bool forA = i < 4;
            items[std::size_t(i)].verdict = i >= 4 && i < 8 ? Verdict::Tie
                : forA == (i % 2 == 0)                      ? Verdict::Left
                                                            : Verdict::Right;
        }
        items[12].verdict = Verdict::Skip; // does not count
        gaps[13] = std::nan(""); // has no gap
        const std::vector<GapBin> bins = winsByGap(items, key, gaps);
        QCOMPARE(bins.size(), std::size_t(3));
        QCOMPARE(bins[0].low, 1.0);
        QCOMPARE(bins[0].high, 4.0);
        QCOMPARE(bins[0].forA.losses, std::int64_t(4));
        QCOMPARE(bins[1].forA.ties, std::int64_t(4));
        QCOMPARE(bins[2].forA.wins, std::int64_t(4));
        QCOMPARE(bins[2].high, 12.0);
        items[0].verdict.reset();
        QVERIFY(winsByGap(items, key, gaps).empty()); // too few to say anything
    }

    void goesOnWhereItStopped()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        m_page->openSession(id);
        press(Qt::Key_1);
        press(Qt::Key_Space);
        press(Qt::Key_2);
        m_page.reset();
        makePage();
        m_page->openSession(id);
        QCOMPARE(prompt(), QStringLiteral("Prompt 3"));
        press(Qt::Key_Backspace);
        QCOMPARE(prompt(), QStringLiteral("Prompt 2"));
        press(Qt::Key_Backspace);
        press(Qt::Key_Backspace);
        press(Qt::Key_Backspace); // nothing more
        QCOMPARE(prompt(), QStringLiteral("Prompt 0"));
        int judged = 0;
        for (const EvaluationItemRow& item : stored(id))
            judged += item.verdict && item.number != 6 ? 1 : 0;
        QCOMPARE(judged, 0);
    }

    void skippedItemsComeAgain()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        m_page->openSession(id);
        for (int i = 0; i < kItems - 1; ++i)
            press(i == 2 ? Qt::Key_Space : Qt::Key_1);
        QVERIFY(!m_page->judging()->current().has_value());
        child<QPushButton>("judgeSkipped")->click();
        QCOMPARE(prompt(), QStringLiteral("Prompt 2"));
        press(Qt::Key_2);
        QVERIFY(!m_page->judging()->current().has_value());
        QCOMPARE(int(*stored(id)[2].verdict), int(Verdict::Right));
    }

    void heldKeyJudgesOnce()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        m_page->openSession(id);
        for (int i = 0; i < 5; ++i) {
            QKeyEvent event(QEvent::KeyPress, Qt::Key_1, Qt::NoModifier, QStringLiteral("1"), i > 0);
            QApplication::sendEvent(m_page->judging(), &event);
        }
        QCOMPARE(prompt(), QStringLiteral("Prompt 1"));
        // A verdict while closing is asked for is no verdict.
        child<QPushButton>("closeSession")->click();
        press(Qt::Key_1);
        QCOMPARE(prompt(), QStringLiteral("Prompt 1"));
        press(Qt::Key_Escape);
        press(Qt::Key_1);
        QCOMPARE(prompt(), QStringLiteral("Prompt 2"));
    }

    void newSessionPostsTheCommand()
    {
        Dataset prompts {"prompts", DatasetKind::Prompts, {}};
        prompts.pairs.emplace_back().prompt = "Hello";
        m_project->addDataset(prompts, "made by the test");
        makePage();
        QVERIFY(child<QLabel>("emptyTitle")->isVisible());
        m_project->addModel({0, "plain-yak", "models/y", "policy", "llama", "d0", 10, {}, {}, nowUtc()});
        m_project->addModel({0, "tuned-zebra", "models/a", "policy", "llama", "d1", 10, {}, {}, nowUtc()});
        m_project->addModel({0, "base-walrus", "models/b", "policy", "llama", "d2", 10, {}, {}, nowUtc()});
        m_page->refresh();
        child<QPushButton>("emptyButton")->click();
        QVERIFY(child<QPushButton>("createEvaluation")->isEnabled());
        child<QSpinBox>("evaluationPrompts")->setValue(12);
        child<QSpinBox>("evaluationSeed")->setValue(9);
        child<QPushButton>("createEvaluation")->click();
        QTRY_VERIFY(m_page->judging()->isVisible());
        const auto command = std::get<CreateEvaluation>(m_commands.at(0));
        // The newest model against the first that was trained; here none was, so against the oldest.
        QCOMPARE(command.modelA, std::string("base-walrus"));
        QCOMPARE(command.modelB, std::string("plain-yak"));
        QCOMPARE(command.data, std::string("prompts"));
        QCOMPARE(command.prompts, std::int64_t(12));
        QCOMPARE(command.seed, std::uint64_t(9));
        QCOMPARE(command.name, std::string("session"));
        QVERIFY(!namesAModel(m_page.get()));
    }

    void sessionModel()
    {
        EvaluateSessionModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        m_project->addEvaluation(makeRow("first"), makeItems());
        const std::int64_t second = m_project->addEvaluation(makeRow("base-walrus again"), makeItems());
        model.setRows(m_project->evaluations());
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(
            model.index(0, EvaluateSessionModel::Name).data().toString(), QStringLiteral("Session %1").arg(second));
        m_project->closeEvaluation(second);
        model.setRows(m_project->evaluations());
        QCOMPARE(model.index(0, EvaluateSessionModel::Name).data().toString(), QStringLiteral("base-walrus again"));
        QCOMPARE(model.index(0, EvaluateSessionModel::Models).data().toString(),
            QStringLiteral("tuned-zebra against base-walrus")); // not the path of a folder
        model.setRows({});
        QCOMPARE(model.rowCount(), 0);
    }
};

QTEST_MAIN(TestEvaluatePage)
#include "tst_evaluate_page.moc"
