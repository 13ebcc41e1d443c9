// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/evaluation_report.h"
#include "core/engine/session_file.h"
#include "core/evaluation/blind_session.h"
#include "core/store/project.h"
#include "core/support/file.h"
#include "tests/common/near.h"
#include "ui/engine_bridge.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/key_store.h"
#include "ui/notice.h"
#include "ui/pages/evaluate_judge_form.h"
#include "ui/pages/evaluate_judging.h"
#include "ui/pages/evaluate_new_session.h"
#include "ui/pages/evaluate_page.h"
#include "ui/pages/evaluate_results.h"
#include "ui/pages/evaluate_session_model.h"
#include "ui/view_state.h"

#include <QAbstractItemModelTester>
#include <QAbstractItemView>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDirIterator>
#include <QDoubleSpinBox>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBlock>
#include <QTextEdit>

#include <mutex>
#include <set>

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
        if (auto* reader = qobject_cast<QTextEdit*>(widget))
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
        // The verdicts of a result are read in the same view as items are judged in.
        const QWidget* where = m_page.get();
        if (std::is_same_v<T, QTextEdit> || QLatin1String(name) == QLatin1String("lastTurnOnly")
            || QLatin1String(name) == QLatin1String("rawText"))
            where = m_page->judging();
        T* found = where->findChild<T*>(QLatin1String(name));
        if (!found)
            qFatal("no child %s", name);
        return found;
    }

    void openBridge()
    {
        m_bridge = std::make_unique<EngineBridge>(m_project,
            [this](const Command& command, Project& project, const EventSink& sink, std::stop_token, PauseGate&) {
                const std::lock_guard lock(m_mutex);
                m_commands.push_back(command);
                if (const auto* create = std::get_if<CreateEvaluation>(&command)) {
                    EvaluationRow row = makeRow(create->name);
                    EvaluationCreated created;
                    created.evaluation = project.addEvaluation(row, makeItems());
                    created.name = row.name;
                    sink(created);
                }
            });
        m_selection = std::make_unique<Selection>(m_project);
    }

    void makePage()
    {
        m_page = std::make_unique<EvaluatePage>(*m_bridge, *m_selection);
        m_page->resize(1080, 660);
        m_page->show();
    }

    void press(Qt::Key key) { QTest::keyClick(m_page->judging(), key); }
    /// As the person does: a name and Enter.
    void openAs(std::int64_t id, const QString& name = {})
    {
        m_page->openSession(id);
        auto* field = child<QLineEdit>("annotator");
        field->selectAll();
        field->insert(name);
        if (name.isEmpty())
            field->clear();
        QTest::keyClick(field, Qt::Key_Return);
    }
    std::int64_t id(const std::string& name) { return m_project->evaluation(name).id; }

    /// Judges what is shown until nothing is: the response that says "one" is the better one. Returns the prompts and
    /// left responses in the order they came.
    QStringList judgeAll()
    {
        QStringList seen;
        while (m_page->judging()->current()) {
            const QString left = child<QTextEdit>("leftResponse")->toPlainText();
            seen << prompt() + QLatin1Char('|') + left;
            press(left.contains(QLatin1String("one")) ? Qt::Key_1 : Qt::Key_2);
        }
        return seen;
    }

    QString tableText(const char* name)
    {
        const auto* table = child<QTableWidget>(name);
        QStringList lines;
        for (int row = 0; row < table->rowCount(); ++row) {
            QStringList cells;
            for (int column = 0; column < table->columnCount(); ++column)
                cells << (table->item(row, column) ? table->item(row, column)->text() : QString());
            lines << cells.join(QLatin1Char('|'));
        }
        return lines.join(QLatin1Char('\n'));
    }

    /// Six prompts, two of them again, and a gold item; A says "one", and gold items are "one" and "two" as well.
    void makeTestedSession(const std::string& name, const Json& config)
    {
        std::vector<EvaluationItemInput> items;
        for (int i = 0; i < 6; ++i) {
            const std::string number = std::to_string(i);
            items.push_back(
                {"Prompt " + number, "Reply " + number + " one", "Reply " + number + " two", i % 2 == 0, i});
        }
        for (const std::int64_t again : {1, 3}) {
            EvaluationItemInput item = items[std::size_t(again)];
            item.aIsLeft = !item.aIsLeft;
            item.kind = ItemKind::Repeat;
            item.repeatOf = again;
            items.push_back(item);
        }
        EvaluationItemInput gold {"Prompt of known answer", "Known one", "Known two", false, -1};
        gold.kind = ItemKind::Gold;
        items.push_back(gold);
        EvaluationRow row = makeRow(name);
        row.config = config;
        m_project->addEvaluation(row, items);
    }

    QString prompt() { return child<QTextEdit>("prompt")->toPlainText(); }
    std::vector<EvaluationItemRow> stored(std::int64_t id) { return m_project->evaluationItems(id); }

private Q_SLOTS:
    void initTestCase()
    {
        QCoreApplication::setOrganizationName(QStringLiteral("mpo-test"));
        QCoreApplication::setApplicationName(QStringLiteral("evaluate"));
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_folder.path());
    }

    void init()
    {
        QSettings().clear();
        static int number = 0;
        m_commands.clear();
        m_project = Project::open(m_folder.filePath(QStringLiteral("e%1.mpo").arg(++number)).toStdString());
        openBridge();
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
        press(Qt::Key_1); // nobody judges before it is known who does
        QTest::keyClick(child<QLineEdit>("annotator"), Qt::Key_Return); // alone, without a name
        QVERIFY(!namesAModel(m_page.get()));
        // Text is shown as it is, tags and all.
        QCOMPARE(child<QTextEdit>("leftResponse")->toPlainText(), QStringLiteral("Reply <b>x0</b> one"));
        QCOMPARE(child<QTextEdit>("rightResponse")->toPlainText(), QStringLiteral("Reply <b>x0</b> two"));

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
        QTRY_VERIFY2(done->height() >= done->heightForWidth(done->width()), "the text is cut off");
        press(Qt::Key_Return);
        QVERIFY(m_project->evaluations().front().closed);
        QVERIFY(m_page->results()->isVisible());
        QVERIFY(namesAModel(m_page.get()));

        // By hand: A wins 0, 3, 7; B wins 1, 2; ties 4, 5 (bad), 6 (identical), 9; 8 skipped.
        const SessionReport& report = m_page->results()->report();
        QCOMPARE(report.tally.wins, std::int64_t(3));
        QCOMPARE(report.tally.losses, std::int64_t(2));
        QCOMPARE(report.tally.ties, std::int64_t(4));
        QCOMPARE(report.identical, std::int64_t(1));
        QCOMPARE(report.skippedByAll, std::int64_t(1));
        QCOMPARE(report.judges.size(), std::size_t(1));
        QCOMPARE(report.judges[0].bothBad, std::int64_t(1));
        QCOMPARE(report.sides.left, std::int64_t(2));
        QCOMPARE(report.sides.right, std::int64_t(3));
        COMPARE_NEAR(report.winRate, 5.0 / 9.0, 1e-12);
        COMPARE_NEAR(report.p, 1.0, 1e-9); // 3 of 5: 2 * (10 + 5 + 1) / 32
        COMPARE_NEAR(report.sides.p, 1.0, 1e-9);
        // A true rate of 0.6 takes 194 decisive prompts (algorithms.md 4.2), 5 of 9 are: 189 * 9 / 5 more.
        QCOMPARE(report.morePrompts.value(), std::int64_t(341));
        QVERIFY(child<QLabel>("headline")->text().contains(QStringLiteral("tuned-zebra")));
        QVERIFY(child<QLabel>("verdict")->text().contains(QStringLiteral("341")));
        QVERIFY(!child<QLabel>("earlyWarning")->isVisible());
        const QString numbers = tableText("outcome");
        for (const char* part : {"3 / 4 / 2", "55.6 %", "60.0 %", "p = 1", "341"})
            QVERIFY2(numbers.contains(QLatin1String(part)), qPrintable(numbers));
        QCOMPARE(child<QTableWidget>("verdicts")->rowCount(), kItems);
        QCOMPARE(child<QTableWidget>("verdicts")->item(0, 2)->text(), QStringLiteral("tuned-zebra"));

        const QString file = m_folder.filePath(QStringLiteral("pairs.jsonl"));
        m_page->results()->exportVerdicts(JudgmentFormat::Trl, file);
        const QString text = QString::fromStdString(readTextFile(file.toStdString()));
        QCOMPARE(text.count(QLatin1Char('\n')), 5);
        QVERIFY(text.startsWith(QStringLiteral("{\"prompt\":\"Prompt 0\",\"chosen\":\"Reply <b>x0</b> one\"")));
    }

    /// Six prompts, the second and fourth again with sides exchanged, and one gold item, for two people: by keys only.
    void twoPeopleJudgeOneSession()
    {
        makeTestedSession("both", {{"annotators", 2}, {"overlap", 2}, {"seed", 3}});
        makePage();
        QStringList orders[2];
        for (const int person : {0, 1}) {
            const QString name = person == 0 ? QStringLiteral("anna") : QStringLiteral("ben");
            auto* table = child<QTableView>("sessions");
            QTRY_VERIFY(table->hasFocus());
            QTest::keyClick(table, Qt::Key_Return);
            auto* field = child<QLineEdit>("annotator");
            QTRY_VERIFY(field->hasFocus());
            if (person == 1)
                QCOMPARE(field->text(), QStringLiteral("anna")); // remembered, and selected: typing replaces it
            QTest::keyClicks(field, name);
            QTest::keyClick(field, Qt::Key_Return);
            QVERIFY(child<QLabel>("judgingProgress")->text().startsWith(name + QStringLiteral(" · 1 of 9")));
            QVERIFY(!namesAModel(m_page.get()));
            for (const QString& text : readableTexts(m_page.get()))
                for (const char* word : {"gold", "repeat"})
                    QVERIFY2(!text.contains(QLatin1String(word), Qt::CaseInsensitive), qPrintable(text));
            orders[person] = judgeAll();
            QCOMPARE(orders[person].size(), 9);
            QCOMPARE(int(m_project->annotators(id("both"))[std::size_t(person)].judged), 9);
            QVERIFY(!m_project->evaluation("both").closed);
            if (person == 0) {
                QVERIFY(child<QPushButton>("leaveJudged")->isVisible());
                press(Qt::Key_Return); // ben is missing: back to the list, not closed
                QVERIFY(table->isVisible());
            }
        }
        QVERIFY(orders[0] != orders[1]);
        std::set<QString> first(orders[0].begin(), orders[0].end()); // repeats come with the other side on the left
        QCOMPARE(first.size(), std::size_t(9));
        press(Qt::Key_Return); // all have judged: closed
        QVERIFY(m_project->evaluation("both").closed);
        const SessionReport& report = m_page->results()->report();
        QCOMPARE(report.prompts, std::int64_t(6));
        QCOMPARE(report.tally.wins, std::int64_t(6)); // A says "one" everywhere
        QCOMPARE(report.judges.size(), std::size_t(2));
        for (const JudgeReport& judge : report.judges) {
            QCOMPARE(judge.judged, std::int64_t(6)); // neither repeats nor gold
            QCOMPARE(judge.tally.wins, std::int64_t(6));
            QCOMPARE(judge.repeats.repeated, std::int64_t(2));
            QCOMPARE(judge.repeats.same, std::int64_t(2));
            QCOMPARE(judge.gold.n, std::int64_t(1));
            QCOMPARE(judge.gold.hits, std::int64_t(1));
        }
        QCOMPARE(report.pairs.at(0).items, std::int64_t(6));
        const QString judges = tableText("judges");
        QVERIFY2(
            judges.contains(QStringLiteral("anna|6|6 / 0 / 0")) && judges.contains(QStringLiteral("2 of 2|1 of 1")),
            qPrintable(judges));
        auto* verdicts = child<QTableWidget>("verdicts");
        QCOMPARE(verdicts->rowCount(), 6);
        child<QComboBox>("verdictFilter")->setCurrentIndex(3); // tests of the judges
        QCOMPARE(verdicts->rowCount(), 3);
        child<QComboBox>("verdictFilter")->setCurrentIndex(1); // disputed
        QCOMPARE(verdicts->rowCount(), 0);
    }

    void itemsAreDividedAmongAnnotators()
    {
        makeTestedSession("divided", {{"annotators", 3}, {"overlap", 2}, {"seed", 3}});
        makePage();
        m_page->openSession(id("divided"));
        QVERIFY(child<QSpinBox>("annotatorNumber")->isVisible());
        QTest::keyClick(child<QLineEdit>("annotator"), Qt::Key_Return); // without a name nobody knows whose they are
        QVERIFY(child<QLabel>("whoError")->isVisible());
        std::map<std::string, int> judges;
        for (const char* name : {"anna", "ben", "cem"}) {
            openAs(id("divided"), QLatin1String(name));
            judgeAll();
        }
        for (const JudgmentRow& row : m_project->blindJudgments(id("divided")))
            ++judges[std::to_string(row.number)];
        const auto items = m_project->blindItems(id("divided"));
        for (std::size_t i = 0; i < items.size(); ++i)
            QCOMPARE(judges[std::to_string(i)], items[i].kind == ItemKind::Gold ? 3 : 2);
        openAs(id("divided"), QStringLiteral("dora")); // nothing is left for a fourth
        QVERIFY(child<QLabel>("whoError")->isVisible());
        openAs(id("divided"), QStringLiteral("ben")); // who is known goes on
        QVERIFY(!m_page->judging()->current());
    }

    void disputedItemsAreListed()
    {
        const std::int64_t session = m_project->addEvaluation(makeRow("session"), makeItems());
        for (int i = 0; i < kItems; ++i) { // A is left in even items; they disagree on 2 and 5
            const bool aLeft = i % 2 == 0;
            m_project->judge(session, i, {aLeft ? Verdict::Left : Verdict::Right, {}, 1.0}, "anna");
            const bool forA = i != 2 && i != 5;
            m_project->judge(session, i, {forA == aLeft ? Verdict::Left : Verdict::Right, "note", 1.0}, "ben");
        }
        m_project->closeEvaluation(session);
        makePage();
        m_page->openSession(session);
        QVERIFY(child<QTabWidget>("resultTabs")->tabText(2).contains(QStringLiteral("2 to look at again")));
        child<QComboBox>("verdictFilter")->setCurrentIndex(1);
        auto* table = child<QTableWidget>("verdicts");
        QCOMPARE(table->rowCount(), 2);
        QCOMPARE(table->item(0, 0)->text(), QStringLiteral("3"));
        QCOMPARE(table->item(1, 0)->text(), QStringLiteral("6"));
        QCOMPARE(table->item(0, 3)->text(), QStringLiteral("disputed"));
        QCOMPARE(table->item(0, 4)->text(), QStringLiteral("tuned-zebra (left)"));
        QCOMPARE(table->item(0, 5)->text(), QStringLiteral("base-walrus (right)"));
        QCOMPARE(table->item(0, 6)->text(), QStringLiteral("ben: note"));
    }

    void lookingEarlyIsConfirmedAndNoted()
    {
        const std::int64_t session = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        QVERIFY(!child<QPushButton>("openEarly")->isVisible()); // nothing is judged yet
        openAs(session, QStringLiteral("anna"));
        press(Qt::Key_1);
        press(Qt::Key_Escape);
        child<QPushButton>("openEarly")->click();
        QVERIFY(child<QPushButton>("confirmEarly")->isVisible());
        child<QPushButton>("cancelEarly")->click();
        QVERIFY(m_project->evaluationLog(session).empty());
        QVERIFY(!namesAModel(m_page.get()));
        child<QPushButton>("openEarly")->click();
        child<QPushButton>("confirmEarly")->click();
        QVERIFY(m_page->results()->isVisible());
        QVERIFY(child<QLabel>("earlyWarning")->isVisible());
        QVERIFY(!m_project->evaluation("session").closed);
        QCOMPARE(m_project->evaluationLog(session).size(), std::size_t(1));
        m_project->closeEvaluation(session);
        m_page->openSession(session);
        QVERIFY(child<QLabel>("earlyWarning")->isVisible()); // for good
    }

    /// The session goes to a second project as a file, and what is judged there comes back.
    void anotherPersonsProjectIsMerged()
    {
        makeTestedSession("s", {{"annotators", 2}, {"seed", 3}});
        makePage();
        openAs(id("s"), QStringLiteral("anna"));
        judgeAll();
        press(Qt::Key_Return);
        const QString file = m_folder.filePath(QStringLiteral("s.jsonl"));
        m_page->exportSession(file);
        const std::shared_ptr<Project> first = m_project;
        const std::filesystem::path there = m_folder.filePath(QStringLiteral("there.mpo")).toStdString();

        m_page.reset();
        m_selection.reset();
        m_bridge.reset();
        m_project = Project::open(there);
        openBridge();
        makePage();
        m_page->importSession(file);
        QVERIFY(child<QLabel>("sessionNotice")->text().contains(QStringLiteral("9 judgments")));
        openAs(id("s"), QStringLiteral("ben"));
        QCOMPARE(judgeAll().size(), 9);
        m_page.reset();
        m_selection.reset();
        m_bridge.reset();

        m_project = first;
        openBridge();
        makePage();
        child<QPushButton>("addJudgments")->click();
        auto* source = child<QLineEdit>("mergeSource");
        source->setText(m_folder.path()); // no project, no file
        child<QPushButton>("mergeJudgments")->click();
        QVERIFY(child<QLabel>("mergeError")->isVisible());
        source->setText(QString::fromStdString(there.string()));
        child<QPushButton>("mergeJudgments")->click();
        const QString said = child<QLabel>("sessionNotice")->text();
        QVERIFY2(said.contains(QStringLiteral("9 judgments added")) && said.contains(QStringLiteral("9 were there")),
            qPrintable(said));
        QCOMPARE(m_project->annotators(id("s")).size(), std::size_t(2));
        QVERIFY(!namesAModel(m_page.get()));
        m_project->closeEvaluation(id("s"));
        m_page->openSession(id("s"));
        QCOMPARE(m_page->results()->report().judges.size(), std::size_t(2));
    }

    void resultsAreExported()
    {
        makeTestedSession("s", {{"seed", 3}});
        makePage();
        openAs(id("s"), QStringLiteral("anna"));
        judgeAll();
        press(Qt::Key_Return);
        EvaluateResults* results = m_page->results();
        QVERIFY(results->isVisible());
        const auto path = [&](const char* name) { return m_folder.filePath(QLatin1String(name)); };
        QCOMPARE(results->exportVerdicts(JudgmentFormat::Trl, path("t.jsonl")).rows, std::int64_t(6));
        QCOMPARE(results->exportVerdicts(JudgmentFormat::Arena, path("a.jsonl")).rows, std::int64_t(6));
        QCOMPARE(results->exportVerdicts(JudgmentFormat::Csv, path("v.csv")).rows, std::int64_t(6));
        results->exportSession(path("x.jsonl"));
        QCOMPARE(readSessionFile(path("x.jsonl").toStdString()).judgments.size(), std::size_t(9));
        results->exportChart(path("c.svg"));
        QVERIFY(readTextFile(path("c.svg").toStdString()).find("tuned-zebra") != std::string::npos);
        results->exportChart(path("c.png"));
        const QImage image(path("c.png"));
        QVERIFY(image.width() > 600);
        std::set<QRgb> seen;
        for (int x = 0; x < image.width(); x += 7)
            for (int y = 0; y < image.height(); y += 7)
                seen.insert(image.pixel(x, y));
        QVERIFY(seen.size() > 4); // something is drawn
    }

    void sessionsAreRanked()
    {
        for (const char* name : {"one", "two"}) {
            EvaluationRow row = makeRow(name);
            if (row.name == "two")
                row.sourceB = "third-yak";
            const std::int64_t session = m_project->addEvaluation(row, makeItems());
            for (int i = 0; i < kItems; ++i)
                m_project->judge(session, i, {i % 2 == 0 ? Verdict::Left : Verdict::Right, {}, 1.0}, "anna");
            m_project->closeEvaluation(session);
        }
        makePage();
        m_page->openSession(id("two"));
        QVERIFY(child<QTabWidget>("resultTabs")->isTabVisible(3));
        QVERIFY(tableText("ratings").startsWith(QStringLiteral("tuned-zebra|")));
        // Nine to none and a tie: p = 2 / 2^9 = 0.00391; twice that after Holm, for both.
        const QString tests = tableText("tests");
        QCOMPARE(tests.count(QStringLiteral("9 / 1 / 0|0.00391|0.00781")), 2);
    }

    void closesEarlyWhenConfirmed()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        openAs(id);
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
        QCOMPARE(m_page->results()->report().judged, std::int64_t(2)); // one was judged, one is identical
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
        openAs(id);
        QTest::qWait(20);
        auto* reader = child<QTextEdit>("prompt");
        const auto isAtEnd
            = [&] { return reader->verticalScrollBar()->value() == reader->verticalScrollBar()->maximum(); };
        QVERIFY(reader->verticalScrollBar()->maximum() > 0);
        QVERIFY(isAtEnd());
        QTest::keyClick(m_page->judging(), Qt::Key_PageUp, Qt::ShiftModifier);
        QVERIFY(!isAtEnd());
        QVERIFY(child<QTextEdit>("leftResponse")->height() > 60); // the prompt leaves room for the responses
        press(Qt::Key_1);
        QTest::qWait(20);
        QCOMPARE(prompt(), QStringLiteral("short?"));
        QCOMPARE(reader->verticalScrollBar()->maximum(), 0); // all of it is seen
    }

    void markdownIsRenderedAndReachesNowhere()
    {
        std::vector<EvaluationItemInput> items = makeItems();
        items[0].responseA = "# Title\n**bold** line\nnext line\n\nnew paragraph\n```\ncode **as it is**\n```\n"
                             "![photo](https://example.org/p.png) <img src=\"https://example.org/q.png\">";
        items[0].aIsLeft = true;
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), items);
        makePage();
        openAs(id);
        auto* left = child<QTextEdit>("leftResponse");
        const auto text = [&] { return left->toPlainText(); };
        QVERIFY2(text().contains(QLatin1String("bold line\nnext line")) || text().contains(QChar(QChar::LineSeparator)),
            qPrintable(text()));
        QVERIFY(!text().contains(QLatin1String("**bold**")));
        const auto roomBelow = [&](const char* line) {
            for (QTextBlock block = left->document()->begin(); block.isValid(); block = block.next())
                if (block.text() == QLatin1String(line))
                    return block.blockFormat().bottomMargin();
            return -1.0;
        };
        QCOMPARE(roomBelow("bold line"), 0.0); // one paragraph
        QVERIFY(roomBelow("next line") > 0.0);
        QVERIFY(text().contains(QLatin1String("code **as it is**")));
        QVERIFY(text().contains(QLatin1String("[picture: https://example.org/p.png]")));
        QVERIFY(text().contains(QLatin1String("<img src="))); // HTML is text
        QVERIFY(!text().contains(QChar(QChar::ObjectReplacementCharacter)));
        QVERIFY(left->document()
                    ->resource(QTextDocument::ImageResource, QUrl(QStringLiteral("file:///etc/hostname")))
                    .isNull());
        press(Qt::Key_R); // both sides alike
        QCOMPARE(text(), QString::fromStdString(items[0].responseA));
        QVERIFY(child<QPushButton>("rawText")->isChecked());
        press(Qt::Key_R);
        QVERIFY(!text().contains(QLatin1String("**bold**")));
    }

    void earlierTurnsCanBeHidden()
    {
        std::vector<EvaluationItemInput> items = makeItems();
        items[0].prompt = "\n\nHuman: First?\n\nAssistant: Well.\n\nHuman: And then?\n\nAssistant:";
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), items);
        makePage();
        openAs(id);
        QVERIFY(child<QPushButton>("lastTurnOnly")->isVisible());
        QCOMPARE(prompt(), QStringLiteral("Human\nFirst?\nAssistant\nWell.\nHuman\nAnd then?"));
        press(Qt::Key_T);
        QCOMPARE(prompt(), QStringLiteral("And then?"));
        press(Qt::Key_1);
        QVERIFY(!child<QPushButton>("lastTurnOnly")->isVisible()); // one turn
        press(Qt::Key_Backspace);
        QCOMPARE(prompt(), QStringLiteral("And then?")); // stays so
        press(Qt::Key_T);
        QVERIFY(prompt().startsWith(QLatin1String("Human\nFirst?")));
    }

    void turnsOfAResponseAreTold()
    {
        std::vector<EvaluationItemInput> items = makeItems();
        items[0].responseA = "Red.\n\nHuman: why?\n\nAssistant: Light scatters.";
        items[0].aIsLeft = true;
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), items);
        makePage();
        openAs(id);
        QCOMPARE(child<QTextEdit>("leftResponse")->toPlainText(),
            QStringLiteral("Assistant\nRed.\nHuman\nwhy?\nAssistant\nLight scatters."));
        QCOMPARE(child<QTextEdit>("rightResponse")->toPlainText(), QStringLiteral("Reply <b>x0</b> two"));
    }

    void pauseHidesTheItemAndStopsItsTime()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        openAs(id);
        press(Qt::Key_P);
        QVERIFY(m_page->judging()->isPaused());
        QVERIFY(!child<QTextEdit>("leftResponse")->isVisible());
        press(Qt::Key_1); // nothing is judged unseen
        QVERIFY(!stored(id)[0].verdict.has_value());
        QTest::qWait(300);
        press(Qt::Key_P);
        QVERIFY(!m_page->judging()->isPaused() && child<QTextEdit>("leftResponse")->isVisible());
        press(Qt::Key_1);
        QVERIFY(stored(id)[0].verdict.has_value());
        QVERIFY2(stored(id)[0].seconds < 0.25, qPrintable(QString::number(stored(id)[0].seconds)));
    }

    void goesOnWhereItStopped()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        openAs(id);
        press(Qt::Key_1);
        press(Qt::Key_Space);
        press(Qt::Key_2);
        m_page.reset();
        makePage();
        openAs(id);
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

    void theOpenSessionComesBack()
    {
        const std::int64_t first = m_project->addEvaluation(makeRow("first"), makeItems());
        const std::int64_t second = m_project->addEvaluation(makeRow("second"), makeItems());
        const auto again = [this] {
            const QJsonObject state = viewState(*m_page);
            m_page = std::make_unique<EvaluatePage>(*m_bridge, *m_selection);
            m_page->resize(1080, 660);
            restoreViewState(*m_page, state);
            QCOMPARE(viewState(*m_page), state); // also where the page is not opened before the next end
            m_page->refresh();
            m_page->show();
        };
        makePage();
        for (const std::int64_t wanted : {first, second}) {
            openAs(wanted);
            press(Qt::Key_1);
            again();
            QVERIFY(m_page->judging()->isVisible());
            QCOMPARE(m_page->judging()->evaluation(), wanted);
            QTest::keyClick(child<QLineEdit>("annotator"), Qt::Key_Return);
            QCOMPARE(prompt(), QStringLiteral("Prompt 1"));
        }
        // The list with what was chosen in it.
        m_page->judging()->left();
        auto* table = child<QTableView>("sessions");
        const QModelIndex other = table->model()->index(1 - table->currentIndex().row(), 0);
        const QString name = other.data().toString();
        QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::NoModifier, table->visualRect(other).center());
        again();
        QVERIFY(!m_page->judging()->isVisible());
        table = child<QTableView>("sessions");
        QCOMPARE(table->currentIndex().siblingAtColumn(0).data().toString(), name);
        // A result, but not one that was looked at early: that would be another look.
        m_page->openSession(first);
        m_project->closeEvaluation(first);
        m_page->openSession(first);
        QVERIFY(m_page->results()->isVisible());
        again();
        QVERIFY(m_page->results()->isVisible());
        QTest::mouseClick(child<QPushButton>("backFromResults"), Qt::LeftButton);
        again();
        QVERIFY(!m_page->results()->isVisible());
    }

    /// Votes on criteria, how much better, a flag: the whole session with nothing but keys, which stand on the buttons.
    void votesByKeysAlone()
    {
        EvaluationRow row = makeRow("session");
        row.config = {{"criteria", {"helpful", "harmless"}}, {"strength", true}};
        const std::int64_t id = m_project->addEvaluation(row, makeItems());
        makePage();
        openAs(id);
        const auto text = [&](const char* name) { return child<QPushButton>(name)->text(); };
        const auto votes = [&](int item) { return stored(id)[std::size_t(item)].votes; };
        using Votes = std::vector<CriterionVote>;
        QVERIFY(text("vote-helpful-left").contains(QStringLiteral("[Q]"))); // marked
        QVERIFY(!text("vote-harmless-left").contains(QLatin1Char('[')));
        QVERIFY(
            text("strength-much").contains(QStringLiteral("[5]")) && text("judgeFlag").contains(QStringLiteral("[F]")));

        press(Qt::Key_Q); // helpful: left; the mark moves on
        QVERIFY(!text("vote-helpful-left").contains(QLatin1Char('[')));
        QVERIFY(text("vote-harmless-right").contains(QStringLiteral("[E]")));
        press(Qt::Key_E);
        press(Qt::Key_5);
        press(Qt::Key_F);
        QVERIFY(votes(0).empty()); // with the verdict, not before
        press(Qt::Key_1);
        QVERIFY(votes(0) == (Votes {{"harmless", Verdict::Right}, {"helpful", Verdict::Left}}));
        QVERIFY(stored(id)[0].flagged);
        QCOMPARE(stored(id)[0].strength.value_or(0), 3.0);

        // The next item begins without any.
        QVERIFY(!child<QPushButton>("judgeFlag")->isChecked() && !child<QPushButton>("strength-much")->isChecked());
        QVERIFY(text("vote-helpful-tie").contains(QStringLiteral("[W]")));
        press(Qt::Key_W);
        press(Qt::Key_Down); // past harmless, round to the first
        press(Qt::Key_W); // taken back
        press(Qt::Key_E);
        press(Qt::Key_3);
        press(Qt::Key_4);
        press(Qt::Key_4); // taken back
        press(Qt::Key_F);
        press(Qt::Key_F);
        press(Qt::Key_2);
        QVERIFY(votes(1) == (Votes {{"helpful", Verdict::Right}}));
        QVERIFY(!stored(id)[1].flagged && !stored(id)[1].strength);

        // Undone, an item shows what was said of it; a skipped one keeps its flag, a tie has no strength.
        press(Qt::Key_Backspace);
        press(Qt::Key_Backspace);
        QVERIFY(votes(0).empty() && !stored(id)[0].flagged);
        QVERIFY(child<QPushButton>("judgeFlag")->isChecked() && child<QPushButton>("strength-much")->isChecked());
        QVERIFY(child<QPushButton>("vote-harmless-right")->isChecked());
        press(Qt::Key_0);
        QCOMPARE(votes(0).size(), std::size_t(2));
        QVERIFY(stored(id)[0].flagged && !stored(id)[0].strength);
        QCOMPARE(prompt(), QStringLiteral("Prompt 1"));
        press(Qt::Key_F);
        press(Qt::Key_Space);
        QVERIFY(stored(id)[1].flagged && stored(id)[1].verdict == Verdict::Skip);
        child<QPushButton>("vote-helpful-left")->click(); // with the mouse too
        child<QPushButton>("strength-clearly")->click();
        press(Qt::Key_1);
        QVERIFY(votes(2) == (Votes {{"helpful", Verdict::Left}}));
        QCOMPARE(stored(id)[2].strength.value_or(0), 2.0);
        while (m_page->judging()->current())
            press(Qt::Key_1);
        QVERIFY(child<QLabel>("doneText")->text().contains(QStringLiteral("2 flagged")));
        press(Qt::Key_Return);
        QVERIFY(m_page->results()->isVisible());
        const QString criteria = tableText("criteria");
        QVERIFY2(criteria.contains(QStringLiteral("helpful|2 / 0 / 0")), qPrintable(criteria));
        QVERIFY(criteria.contains(QStringLiteral("harmless|0 / 0 / 1")) && criteria.contains(QStringLiteral("0 of 1")));
        QVERIFY(child<QTabWidget>("resultTabs")->tabText(2).contains(QStringLiteral("2 to look at again")));
        child<QComboBox>("verdictFilter")->setCurrentIndex(1);
        QVERIFY(tableText("verdicts").contains(QStringLiteral("flagged by (no name)")));
    }

    void keysOfVotesDoNothingWhereNoneAreAsked()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        openAs(id);
        QVERIFY(!child<QPushButton>("strength-much")->isVisible());
        for (const Qt::Key key : {Qt::Key_Q, Qt::Key_W, Qt::Key_E, Qt::Key_Down, Qt::Key_3, Qt::Key_5})
            press(key);
        QCOMPARE(prompt(), QStringLiteral("Prompt 0"));
        press(Qt::Key_1);
        QVERIFY(stored(id)[0].votes.empty() && !stored(id)[0].strength && !stored(id)[0].flagged);
    }

    void aModelIsAskedToJudge()
    {
        /// In memory, as the keychain would keep them.
        class FakeKeys : public KeyStore
        {
        public:
            explicit FakeKeys(std::map<QString, QString>& keys)
                : m_keys(keys)
            {
            }
            void read(const QString& account, QObject*,
                const std::function<void(const QString&, const QString&)>& done) override
            {
                done(m_keys[account], {});
            }
            void write(const QString& account, const QString& key, QObject*,
                const std::function<void(const QString&)>& done) override
            {
                m_keys[account] = key;
                done({});
            }
            void remove(const QString& account, QObject*, const std::function<void(const QString&)>& done) override
            {
                m_keys.erase(account);
                done({});
            }

        private:
            std::map<QString, QString>& m_keys;
        };
        const QString secret = QStringLiteral("sk-canary-51aa");
        std::map<QString, QString> kept;
        m_project->addEvaluation(makeRow("session"), makeItems());
        m_project->addModel({0, "scorer", "models/r", "reward", "llama", "d1", 10, {}, {}, nowUtc()});
        makePage();
        m_page->judgeForm()->setKeyStore(std::make_unique<FakeKeys>(kept));
        child<QPushButton>("judgeByModel")->click();
        QVERIFY(m_page->judgeForm()->isVisible());
        auto* key = child<QLineEdit>("judgeKey");
        QCOMPARE(int(key->echoMode()), int(QLineEdit::Password));
        QVERIFY(!child<QPushButton>("startJudge")->isEnabled());
        auto* address = child<QLineEdit>("judgeAddress");
        address->setText(QStringLiteral("https://api.example.org/v1"));
        child<QLineEdit>("judgeRemoteModel")->setText(QStringLiteral("judge-1"));
        // A limit of cost without a price would never be reached.
        child<QDoubleSpinBox>("judgeMaxCost")->setValue(2.5);
        QVERIFY(!child<QPushButton>("startJudge")->isEnabled());
        child<QDoubleSpinBox>("judgeAnswerPrice")->setValue(10.0);
        child<QSpinBox>("judgePerMinute")->setValue(30);
        const std::string own = m_folder.filePath(QStringLiteral("own.txt")).toStdString();
        child<ItemPicker>("judgeTemplate")->setValue(toQString(own));
        key->setText(secret);
        child<QCheckBox>("judgeKeepKey")->setChecked(true);
        child<QPushButton>("startJudge")->click();
        const auto posted = [&](std::size_t index) {
            const std::lock_guard lock(m_mutex);
            return m_commands.size() > index ? std::get<JudgeEvaluation>(m_commands[index]) : JudgeEvaluation {};
        };
        QTRY_COMPARE(posted(0).evaluation, std::string("session"));
        QVERIFY(posted(0).kind == JudgeKind::Endpoint && posted(0).bothOrders);
        QCOMPARE(posted(0).baseUrl, std::string("https://api.example.org/v1"));
        QCOMPARE(posted(0).key, secret.toStdString());
        QCOMPARE(posted(0).maxCost, 2.5);
        QCOMPARE(posted(0).answerPrice, 10.0);
        QCOMPARE(posted(0).perMinute, 30.0);
        QCOMPARE(posted(0).judgeTemplate, own);
        QCOMPARE(kept[QStringLiteral("api.example.org")], secret);
        QTRY_VERIFY(!m_page->judgeForm()->isVisible()); // done

        // Neither the settings nor the project hold it, and another host does not get it.
        QSettings().sync();
        QDirIterator files(m_folder.path(), QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext())
            QVERIFY2(readTextFile(files.next().toStdString()).find(secret.toStdString()) == std::string::npos,
                qPrintable(files.filePath()));
        child<QPushButton>("judgeByModel")->click();
        address->setText(QStringLiteral("https://other.example.org/v1"));
        Q_EMIT address->editingFinished();
        QVERIFY(key->text().isEmpty() && !child<QCheckBox>("judgeKeepKey")->isChecked());

        // A new window finds it by the address; taking the tick away forgets it.
        m_page.reset();
        makePage();
        m_page->judgeForm()->setKeyStore(std::make_unique<FakeKeys>(kept));
        child<QPushButton>("judgeByModel")->click();
        QCOMPARE(child<QLineEdit>("judgeKey")->text(), secret);
        child<QCheckBox>("judgeKeepKey")->setChecked(false);
        child<QPushButton>("startJudge")->click();
        QTRY_COMPARE(posted(1).key, secret.toStdString());
        QVERIFY(kept.empty() || kept[QStringLiteral("api.example.org")].isEmpty());
        QTRY_VERIFY(!m_page->judgeForm()->isVisible());

        // A reward model has neither address nor key.
        child<QPushButton>("judgeByModel")->click();
        child<QComboBox>("judgeKind")->setCurrentIndex(2);
        QVERIFY(!child<QLineEdit>("judgeKey")->isVisible() && child<QDoubleSpinBox>("judgeMargin")->isVisible());
        child<QDoubleSpinBox>("judgeMargin")->setValue(0.25);
        child<QPushButton>("startJudge")->click();
        QTRY_COMPARE(posted(2).model, std::string("scorer"));
        QVERIFY(posted(2).kind == JudgeKind::RewardModel && posted(2).key.empty());
        QCOMPARE(posted(2).margin, 0.25);

        // Without a keychain the key is for once.
        QTRY_VERIFY(!m_page->judgeForm()->isVisible());
        m_page->judgeForm()->setKeyStore(nullptr);
        child<QPushButton>("judgeByModel")->click();
        QVERIFY(!child<QCheckBox>("judgeKeepKey")->isEnabled());
    }

    void skippedItemsComeAgain()
    {
        const std::int64_t id = m_project->addEvaluation(makeRow("session"), makeItems());
        makePage();
        openAs(id);
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
        openAs(id);
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
        child<QSpinBox>("evaluationAnnotators")->setValue(3);
        QCOMPARE(child<QSpinBox>("evaluationOverlap")->value(), 3); // everybody judges everything, until told otherwise
        child<QSpinBox>("evaluationOverlap")->setValue(2);
        child<QSpinBox>("evaluationRepeats")->setValue(25);
        QVERIFY(!child<QSpinBox>("evaluationStrata")->isEnabled()); // no scores
        QVERIFY(!child<QSpinBox>("evaluationGoldItems")->isEnabled());
        auto* criteria = child<QComboBox>("evaluationCriteria");
        auto* own = child<QLineEdit>("evaluationOwnCriteria");
        QVERIFY(!own->isVisible());
        criteria->setCurrentIndex(criteria->count() - 1);
        QVERIFY(own->isVisible());
        own->setText(QStringLiteral("clear, overall"));
        child<QPushButton>("createEvaluation")->click();
        QVERIFY(m_commands.empty()); // the verdict is the overall one, which is said
        own->setText(QStringLiteral("clear, to the point"));
        child<QCheckBox>("evaluationStrength")->setChecked(true);
        child<QPushButton>("createEvaluation")->click();
        QTRY_VERIFY(m_page->judging()->isVisible());
        const auto command = std::get<CreateEvaluation>(m_commands.at(0));
        // The newest model against the first that was trained; here none was, so against the oldest.
        QCOMPARE(command.sources.at(0), std::string("base-walrus"));
        QCOMPARE(command.sources.at(1), std::string("plain-yak"));
        QCOMPARE(command.data, std::string("prompts"));
        QCOMPARE(command.prompts, std::int64_t(12));
        QCOMPARE(command.seed, std::uint64_t(9));
        QCOMPARE(command.name, std::string("session"));
        QCOMPARE(command.annotators, 3);
        QCOMPARE(command.overlap, 2);
        QCOMPARE(command.repeats, std::int64_t(3)); // a quarter of 12
        QCOMPARE(command.gapStrata, 0);
        QVERIFY(command.gold.empty() && command.rewardModel.empty());
        QVERIFY(command.criteria == (std::vector<std::string> {"clear", "to the point"}) && command.strength);
        QVERIFY(!namesAModel(m_page.get()));
    }

    /// With four sources and an error: nothing is squeezed, and the error is scrolled to.
    void newSessionFitsASmallWindow()
    {
        Dataset prompts {"prompts", DatasetKind::Prompts, {}};
        prompts.pairs.emplace_back().prompt = "Hello";
        m_project->addDataset(prompts, "made by the test");
        for (const char* name : {"plain-yak", "tuned-zebra"})
            m_project->addModel(
                {0, name, std::string("models/") + name, "policy", "llama", name, 10, {}, {}, nowUtc()});
        makePage();
        m_page->resize(1088, 480);
        m_page->refresh();
        child<QPushButton>("emptyButton")->click();
        child<QPushButton>("addSource")->click();
        child<QPushButton>("addSource")->click();
        auto* criteria = child<QComboBox>("evaluationCriteria");
        criteria->setCurrentIndex(criteria->count() - 1);
        child<QLineEdit>("evaluationOwnCriteria")->setText(QStringLiteral("clear, overall"));
        child<QPushButton>("createEvaluation")->click();
        const auto* form = m_page->findChild<EvaluateNewSession*>();
        const auto squeezed = [&] {
            QStringList names;
            for (const ItemPicker* picker : form->findChildren<ItemPicker*>())
                if (picker->isVisible() && picker->height() < picker->sizeHint().height())
                    names << picker->objectName();
            return names.join(QLatin1Char(' '));
        };
        QTRY_COMPARE(squeezed(), QString());
        QVERIFY(child<ItemPicker>("source3")->isVisible());
        const auto* notice = form->findChild<Notice*>();
        QTRY_COMPARE(notice->visibleRegion().boundingRect(), notice->rect());
        QVERIFY(notice->label()->height() >= notice->label()->heightForWidth(notice->label()->width()));
    }

    /// Without a source the pairs of the data set are judged, if it has any.
    void newSessionOnThePairsOfTheData()
    {
        Dataset prompts {"prompts", DatasetKind::Prompts, {}}, pairs {"pairs", DatasetKind::Pairs, {}};
        prompts.pairs.emplace_back().prompt = "Hello";
        pairs.pairs.emplace_back().prompt = "Hello";
        pairs.pairs.back().chosen = "yes";
        pairs.pairs.back().rejected = "no";
        m_project->addDataset(prompts, "made by the test");
        m_project->addDataset(pairs, "made by the test");
        makePage();
        for (const char* name : {"one", "two"})
            m_project->addModel(
                {0, name, std::string("models/") + name, "policy", "llama", name, 10, {}, {}, nowUtc()});
        m_page->refresh();
        child<QPushButton>("emptyButton")->click();
        auto* create = child<QPushButton>("createEvaluation");
        auto* data = child<ItemPicker>("evaluationData");
        child<ItemPicker>("modelA")->setValue({});
        QVERIFY(!child<ItemPicker>("modelB")->isEnabled());
        data->setValue(QStringLiteral("prompts"));
        QVERIFY(!create->isEnabled());
        data->setValue(QStringLiteral("pairs"));
        QVERIFY(create->isEnabled() && !child<QSpinBox>("evaluationMaxTokens")->isEnabled());
        create->click();
        QTRY_VERIFY(!m_commands.empty());
        const auto command = std::get<CreateEvaluation>(m_commands.at(0));
        QVERIFY(command.sources.empty());
        QCOMPARE(command.data, std::string("pairs"));
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
