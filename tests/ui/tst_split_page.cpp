// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/score_comparison.h"
#include "core/store/project.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "tests/common/near.h"
#include "ui/charts/reward_gap_histogram.h"
#include "ui/engine_bridge.h"
#include "ui/format.h"
#include "ui/models/pair_strata.h"
#include "ui/models/scored_pair_model.h"
#include "ui/pages/split_calibration_view.h"
#include "ui/pages/split_page.h"
#include "ui/pair_view.h"
#include "ui/view_state.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBrowser>

#include <cmath>
#include <mutex>
#include <numeric>
#include <random>
#include <sstream>

using namespace mpo;

namespace {

constexpr int kPairs = 400;

std::string words(int count)
{
    std::string text = "word";
    for (int i = 1; i < count; ++i)
        text += " word";
    return text;
}

/// Chosen is the longer response in every pair whose number is not divisible by 4.
Dataset makeDataset(const std::string& name)
{
    Dataset data {name, DatasetKind::Pairs, {}};
    for (int i = 0; i < kPairs; ++i) {
        const bool longer = i % 4 != 0;
        const std::string mark = std::to_string(i);
        PreferencePair& pair = data.pairs.emplace_back();
        pair.prompt = "Prompt " + mark;
        pair.chosen = "chosen " + mark + " " + words(longer ? 9 : 2);
        pair.rejected = "rejected " + mark + " " + words(longer ? 2 : 9);
        pair.line = i + 1;
    }
    return data;
}

std::vector<PairScore> makeScores()
{
    std::mt19937 random(7);
    std::normal_distribution<double> normal(0.5, 1.0);
    std::vector<PairScore> scores;
    for (int i = 0; i < kPairs; ++i)
        scores.push_back({normal(random), 0.1 * normal(random)});
    scores[10] = {std::nan(""), std::nan("")};
    return scores;
}

std::vector<double> gapsOf(const std::vector<PairScore>& scores)
{
    std::vector<double> gaps;
    for (const PairScore& score : scores)
        gaps.push_back(score.gap());
    return gaps;
}

std::vector<Json> readLines(const QString& file)
{
    std::istringstream lines(readTextFile(file.toStdString()));
    std::vector<Json> rows;
    for (std::string line; std::getline(lines, line);)
        rows.push_back(parseJson(line, "export"));
    return rows;
}

} // namespace

class TestSplitPage : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    std::shared_ptr<Project> m_project;
    std::unique_ptr<EngineBridge> m_bridge;
    std::unique_ptr<Selection> m_selection;
    std::unique_ptr<SplitPage> m_page;
    std::mutex m_mutex;
    std::vector<Command> m_commands;

    template<class T>
    T* child(const char* name)
    {
        T* found = m_page->findChild<T*>(QLatin1String(name));
        if (!found)
            qFatal("no child %s", name);
        return found;
    }

    /// What the engine would do with these commands, with scores given.
    Engine::Execute execute()
    {
        return [this](const Command& command, Project& project, const EventSink& sink, std::stop_token, PauseGate&) {
            {
                const std::lock_guard lock(m_mutex);
                m_commands.push_back(command);
            }
            if (const auto* split = std::get_if<SplitPairs>(&command)) {
                SplitRow row;
                row.name = split->name.empty() ? project.freeName(split->data + "-split") : split->name;
                row.dataset = split->data;
                row.scoreSet = split->scoreSet;
                row.split = splitPairs(gapsOf(project.loadScores(split->scoreSet)), split->rule,
                    project.pairEdits(split->data, split->edits));
                row.created = nowUtc();
                project.addSplit(row);
                sink(SplitSaved {row.name, row.split.threshold, row.split.counts()});
            } else if (const auto* score = std::get_if<ScorePairs>(&command)) {
                const auto scores = std::make_shared<const std::vector<PairScore>>(makeScores());
                project.addScoreSet({0, "fresh-scores", score->data, "2-fold", true, kPairs, nowUtc()}, *scores);
                sink(PairsScored {"fresh-scores", scores});
            }
        };
    }

    void makePage(bool withScores)
    {
        m_page.reset();
        m_selection.reset();
        m_bridge.reset();
        m_project.reset();
        m_commands.clear();
        static int number = 0;
        m_project = Project::open(m_folder.filePath(QStringLiteral("p%1.mpo").arg(++number)).toStdString());
        if (withScores) {
            m_project->addDataset(makeDataset("pairs"), "made by the test");
            m_project->addScoreSet({0, "pairs-scores", "pairs", "2-fold", true, kPairs, nowUtc()}, makeScores());
        }
        m_bridge = std::make_unique<EngineBridge>(m_project, execute());
        m_selection = std::make_unique<Selection>(m_project);
        m_page = std::make_unique<SplitPage>(*m_bridge, *m_selection);
        m_page->resize(1080, 660);
        m_page->show();
        if (withScores)
            QTRY_VERIFY(child<QPushButton>("saveSplit")->isEnabled());
    }

    void activate() // shortcuts are those of the active window
    {
        m_page->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_page.get()));
    }

    SplitCounts expected() const
    {
        return splitPairs(gapsOf(makeScores()), m_page->rule(), m_project->pairEdits("pairs")).counts();
    }

    ScoredPairModel* examples() { return qobject_cast<ScoredPairModel*>(child<QTableView>("examples")->model()); }

    /// Rows of the list of pairs, chosen as with Ctrl and clicks.
    void select(const QList<int>& rows)
    {
        auto* table = child<QTableView>("examples");
        table->setCurrentIndex(table->model()->index(rows.front(), 0));
        for (const int row : rows)
            table->selectionModel()->select(
                table->model()->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    }

    bool isRead(const std::string& text) const
    {
        for (const QTextBrowser* reader : m_page->findChildren<QTextBrowser*>())
            if (reader->toPlainText() == toQString(text))
                return true;
        return false;
    }

    void compareCounts()
    {
        const SplitCounts counts = m_page->counts(), wanted = expected();
        QCOMPARE(counts.easy, wanted.easy);
        QCOMPARE(counts.hard, wanted.hard);
        QCOMPARE(counts.contradictory, wanted.contradictory);
        QVERIFY(child<QLabel>("easyCount")->text().startsWith(QString::number(wanted.easy)));
        QVERIFY(child<QLabel>("hardCount")->text().startsWith(QString::number(wanted.hard)));
    }

private Q_SLOTS:
    void cleanup()
    {
        m_page.reset();
        m_selection.reset();
        m_bridge.reset();
        m_project.reset();
    }

    void saysWhatToDoFirst()
    {
        makePage(false);
        QVERIFY(child<QLabel>("emptyTitle")->isVisible());
        QSignalSpy asked(m_page.get(), &Page::openPage);
        child<QPushButton>("emptyButton")->click();
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked.first().first().value<PageId>(), PageId::Data);

        m_project->addDataset(makeDataset("pairs"), "made by the test");
        m_page->refresh();
        QVERIFY(child<QLabel>("emptyTitle")->text().contains(QStringLiteral("reward model")));
        child<QPushButton>("emptyButton")->click();
        QCOMPARE(asked.last().first().value<PageId>(), PageId::RewardModel);
    }

    void scoresPairsAndShowsThem()
    {
        makePage(false);
        m_project->addDataset(makeDataset("pairs"), "made by the test");
        m_project->addModel({0, "base", "models/base", "policy", "llama", "d", 10, {}, {}, nowUtc()});
        m_page->refresh();
        child<QPushButton>("scorePairs"); // hidden while there are no scores: the empty state has its own
        for (QPushButton* button : m_page->findChildren<QPushButton*>())
            if (button->isVisible() && button->text().startsWith(QStringLiteral("Score pairs")))
                button->click();
        QVERIFY(child<QPushButton>("scoreStart")->isVisible());
        QVERIFY(child<QPushButton>("scoreStart")->isEnabled());
        child<QPushButton>("scoreStart")->click();
        QTRY_VERIFY(child<QPushButton>("saveSplit")->isEnabled());
        const auto command = std::get<ScorePairs>(m_commands.at(0));
        QCOMPARE(command.data, std::string("pairs"));
        QCOMPARE(command.model, std::string("base"));
        QCOMPARE(command.folds, 2);
        QVERIFY(child<RewardGapHistogram>("histogram")->isVisible());
        compareCounts();
    }

    void fitsASmallWindow()
    {
        makePage(true);
        child<QCheckBox>("contradictory")->setChecked(true);
        child<QPushButton>("saveSplit")->click();
        QTRY_VERIFY(child<QLabel>("splitNote")->isVisible());
        // What 1280x720 leaves beside the rail, the menu and the run bar.
        const QSize needed = m_page->minimumSizeHint();
        QVERIFY2(needed.width() <= 1088 && needed.height() <= 640,
            qPrintable(QStringLiteral("%1 x %2").arg(needed.width()).arg(needed.height())));
        // No gap is shortened to dots in the list of pairs.
        auto* table = child<QTableView>("examples");
        QTRY_VERIFY(table->model()->rowCount() > 0);
        for (int row = 0; row < table->model()->rowCount(); ++row)
            for (const int column : {int(ScoredPairModel::Number), int(ScoredPairModel::Gap)}) {
                const QString text = table->model()->index(row, column).data().toString();
                QVERIFY2(
                    table->fontMetrics().horizontalAdvance(text) + 16 <= table->columnWidth(column), qPrintable(text));
            }
    }

    void draggingCountsLikeTheSplit()
    {
        makePage(true);
        auto* histogram = child<RewardGapHistogram>("histogram");
        const auto at
            = [&](double gap) { return QPoint(int(std::lround(histogram->xOf(gap))), histogram->height() / 2); };
        QTest::mousePress(histogram, Qt::LeftButton, {}, at(m_page->threshold()));
        for (const double gap : {0.2, 0.8, -0.4, 1.1}) {
            QTest::mouseMove(histogram, at(gap));
            COMPARE_NEAR(m_page->threshold(), gap, 2.0 * histogram->resolution());
            compareCounts();
        }
        QTest::mouseRelease(histogram, Qt::LeftButton, {}, at(1.1));
        QCOMPARE(m_page->rule().by, SplitRule::By::Gap);
        // The three ways to say it stay in step.
        COMPARE_NEAR(child<QDoubleSpinBox>("gapValue")->value(), m_page->threshold(), 5e-4);
        COMPARE_NEAR(
            child<QDoubleSpinBox>("confidenceValue")->value(), 100.0 / (1.0 + std::exp(-m_page->threshold())), 6e-3);
        COMPARE_NEAR(
            child<QDoubleSpinBox>("easyShareValue")->value(), 100.0 * double(expected().easy) / (kPairs - 1), 0.06);
        // Examples follow: the list holds the pairs nearest to the threshold, by falling gap.
        auto* table = child<QTableView>("examples");
        auto* model = qobject_cast<ScoredPairModel*>(table->model());
        const auto nearest = GapIndex(gapsOf(makeScores())).nearest(m_page->threshold(), 1).front();
        QTRY_COMPARE(model->rowOf(nearest), table->currentIndex().row());
        // Its texts are read when the drag rests.
        const PreferencePair pair = m_project->pairs("pairs", nearest, 1).front();
        QTRY_VERIFY(isRead(pair.prompt) && isRead(pair.chosen) && isRead(pair.rejected));
        for (int row = 1; row < model->rowCount(); ++row)
            QVERIFY(model->score(row - 1).gap() >= model->score(row).gap());
    }

    void typedValuesAndContradictoryPairs()
    {
        makePage(true);
        child<QDoubleSpinBox>("confidenceValue")->setValue(75.0);
        QCOMPARE(m_page->rule().by, SplitRule::By::Confidence);
        COMPARE_NEAR(m_page->threshold(), std::log(3.0), 1e-9); // sigma(ln 3) = 3/4
        compareCounts();
        child<QDoubleSpinBox>("easyShareValue")->setValue(25.0);
        QCOMPARE(m_page->rule().by, SplitRule::By::EasyShare);
        QCOMPARE(m_page->counts().easy, std::int64_t(100)); // a quarter of 399 scored pairs
        compareCounts();
        child<QCheckBox>("contradictory")->setChecked(true);
        QVERIFY(m_page->rule().contradictory.has_value());
        child<QDoubleSpinBox>("contradictoryValue")->setValue(-0.5);
        COMPARE_NEAR(*m_page->rule().contradictory, 0.5, 1e-12);
        QVERIFY(m_page->counts().contradictory > 0);
        compareCounts();
        child<QCheckBox>("absolute")->setChecked(true);
        compareCounts();

        auto* histogram = child<RewardGapHistogram>("histogram");
        child<QCheckBox>("absolute")->setChecked(false);
        const auto at
            = [&](double gap) { return QPoint(int(std::lround(histogram->xOf(gap))), histogram->height() / 2); };
        QTest::mousePress(histogram, Qt::LeftButton, {}, at(-0.5));
        QTest::mouseMove(histogram, at(-1.0));
        QTest::mouseRelease(histogram, Qt::LeftButton, {}, at(-1.0));
        COMPARE_NEAR(*m_page->rule().contradictory, 1.0, 2.0 * histogram->resolution());
        QCOMPARE(m_page->rule().by, SplitRule::By::EasyShare);
        compareCounts();
    }

    void accuracyAndLengthBaseline()
    {
        makePage(true);
        std::int64_t agree = 0;
        for (const double gap : gapsOf(makeScores()))
            agree += gap > 0.0 ? 1 : 0;
        QVERIFY2(
            child<QLabel>("accuracy")->text().contains(QString::number(100.0 * double(agree) / (kPairs - 1), 'f', 1)),
            qPrintable(child<QLabel>("accuracy")->text()));
        // Three of four chosen responses are the longer one.
        QTRY_VERIFY2(child<QLabel>("longerBaseline")->text().contains(QStringLiteral("75")),
            qPrintable(child<QLabel>("longerBaseline")->text()));
        // The bin under the pointer.
        auto* histogram = child<RewardGapHistogram>("histogram");
        QTest::mouseMove(histogram, QPoint(int(histogram->xOf(0.5)), histogram->height() / 2));
        const auto bin = histogram->binAt(histogram->gapAt(int(histogram->xOf(0.5))));
        QVERIFY(bin.has_value());
        QVERIFY2(child<QLabel>("readout")->text().contains(QStringLiteral("  %1 pair").arg(bin->count)),
            qPrintable(child<QLabel>("readout")->text()));
    }

    void sharesOfLongerResponses()
    {
        const SplitData data("s", "d", makeScores());
        std::vector<std::int32_t> difference;
        for (int i = 0; i < kPairs; ++i)
            difference.push_back(i % 3 - 1);
        const auto lengths = measureLengths(data, difference);
        for (const double threshold : {-0.3, 0.0, 0.4})
            for (const bool absolute : {false, true})
                for (const std::optional<double> contradictory : {std::optional<double>(), std::optional(0.5)}) {
                    const LongerShares shares = longerShares(data, *lengths, threshold, absolute, contradictory);
                    double longer[3] = {}, pairs[3] = {}; // easy, hard, all
                    for (std::int64_t i = 0; i < kPairs; ++i) {
                        if (std::isnan(data.gaps[std::size_t(i)]))
                            continue;
                        const Bucket bucket = data.bucketOf(i, threshold, absolute, contradictory);
                        for (const int k : {bucket == Bucket::Easy ? 0 : 1, 2})
                            if (k == 2 || bucket != Bucket::Contradictory) {
                                pairs[k] += 1.0;
                                longer[k] += difference[std::size_t(i)] > 0 ? 1.0 : 0.0;
                            }
                    }
                    COMPARE_NEAR(shares.easy, longer[0] / pairs[0], 1e-12);
                    if (pairs[1] > 0.0)
                        COMPARE_NEAR(shares.hard, longer[1] / pairs[1], 1e-12);
                    else
                        QVERIFY(std::isnan(shares.hard));
                    COMPARE_NEAR(shares.all, longer[2] / pairs[2], 1e-12);
                }
    }

    /// Worked by hand: sigmoid(0.5) = 0.622459, (1) 0.731059, (1.5) 0.817574, (2) 0.880797, (3) 0.952574.
    void calibration()
    {
        std::vector<PairScore> scores;
        for (const double gap : {1.0, -0.5, 3.0, 0.0, -1.5, std::nan(""), 2.0})
            scores.push_back({gap, 0.0});
        const auto bins = calibrationOf(SplitData("s", "d", scores), 3);
        QCOMPARE(bins.size(), std::size_t(3));
        const double accuracy[] {0.25, 0.5, 1.0}, confidence[] {0.5612295, 0.7743165, 0.9166855};
        const double low[] {0.0, 1.0, 2.0}, high[] {0.5, 1.5, 3.0};
        for (std::size_t i = 0; i < 3; ++i) {
            QCOMPARE(bins[i].pairs, std::int64_t(2));
            COMPARE_NEAR(bins[i].accuracy, accuracy[i], 1e-12);
            COMPARE_NEAR(bins[i].confidence, confidence[i], 1e-6);
            QCOMPARE(bins[i].low, low[i]);
            QCOMPARE(bins[i].high, high[i]);
        }
        COMPARE_NEAR(calibrationError(bins), (0.3112295 + 0.2743165 + 0.0833145) / 3.0, 1e-6);
        QVERIFY(calibrationOf(SplitData("s", "d", {}), 10).empty());
        QCOMPARE(calibrationOf(SplitData("s", "d", scores), 10).size(), std::size_t(6)); // one bin a pair

        makePage(true);
        const auto* view = m_page->findChild<SplitCalibrationView*>();
        QCOMPARE(view->bins().size(), std::size_t(10));
        QVERIFY(child<QLabel>("calibrationText")->text().contains(formatShare(calibrationError(view->bins()))));
    }

    void searchListsPairsByGap()
    {
        makePage(true);
        auto* table = child<QTableView>("examples");
        QTRY_VERIFY(table->model()->rowCount() > 0);
        QLineEdit* search = nullptr;
        for (QLineEdit* edit : m_page->findChildren<QLineEdit*>())
            if (edit->accessibleName() == QStringLiteral("Search in prompts and responses"))
                search = edit;
        QVERIFY(search && search->isVisible());
        const auto* texts = m_page->findChild<ScoredPairModel*>();
        QTest::keyClicks(search, QStringLiteral("CHOSEN 1"));
        // 1, 10 to 19, 100 to 199; number 10 has no score.
        QTRY_COMPARE(table->model()->rowCount(), 110);
        for (int row = 0; row < 110; ++row) {
            QVERIFY(std::to_string(texts->pairNumber(row)).front() == '1' && texts->pairNumber(row) != 10);
            QVERIFY(row == 0 || texts->score(row - 1).gap() >= texts->score(row).gap());
        }
        // The threshold moves the buckets, not the list.
        child<QDoubleSpinBox>("gapValue")->setValue(2.0);
        QTest::qWait(100);
        QCOMPARE(table->model()->rowCount(), 110);
        search->setText(QStringLiteral("is not there"));
        QTRY_COMPARE(table->model()->rowCount(), 0);
        search->clear();
        QTRY_COMPARE(table->model()->rowCount(), 60); // around the threshold again
        // A click on a bar ends a search.
        search->setText(QStringLiteral("chosen 399"));
        QTRY_COMPARE(table->model()->rowCount(), 1);
        auto* histogram = child<RewardGapHistogram>("histogram");
        QTest::mouseClick(
            histogram, Qt::LeftButton, Qt::NoModifier, QPoint(int(histogram->xOf(0.0)), histogram->height() / 2));
        QTRY_COMPARE(table->model()->rowCount(), 60);
        QVERIFY(search->text().isEmpty());
    }

    void differencesAreMarked()
    {
        QSettings().remove(QStringLiteral("pairs/differences"));
        PairView view;
        view.resize(600, 300);
        view.show();
        PreferencePair pair;
        pair.prompt = "How do I move a kettle?";
        pair.chosen = "To move the kettle, ask a friend.";
        pair.rejected = "To move the boat, ask a friend today.";
        view.setPair(pair);
        const auto marked = [&](const std::string& text) {
            QStringList texts;
            for (const QTextBrowser* reader : view.findChildren<QTextBrowser*>())
                if (reader->toPlainText() == toQString(text))
                    for (const auto& selection : reader->extraSelections())
                        texts << selection.cursor.selectedText();
            return texts;
        };
        QCOMPARE(marked(pair.chosen), QStringList {QStringLiteral("kettle")});
        QCOMPARE(marked(pair.rejected), (QStringList {QStringLiteral("boat"), QStringLiteral("today")}));
        QVERIFY(marked(pair.prompt).isEmpty());
        view.findChild<QCheckBox*>()->click();
        QVERIFY(marked(pair.chosen).isEmpty() && marked(pair.rejected).isEmpty());
        PairView another; // the choice is the user's, for all pairs
        another.setPair(pair);
        QVERIFY(!another.findChild<QCheckBox*>()->isChecked());
        view.findChild<QCheckBox*>()->click();
        pair.rejected = "Nothing of it stands here"; // hardly a word in common
        view.setPair(pair);
        QVERIFY(marked(pair.chosen).isEmpty() && marked(pair.rejected).isEmpty());
    }

    void savesWhatIsShown()
    {
        makePage(true);
        child<QDoubleSpinBox>("gapValue")->setValue(0.35);
        child<QLineEdit>("splitName")->setText(QStringLiteral("my split"));
        QVERIFY(m_page->commandLine().startsWith(
            QStringLiteral("mpo split --data pairs --scores pairs-scores --gap 0.35 --name 'my split' --project ")));
        // Shown with an option on each line, which a shell takes as well.
        QTRY_COMPARE(
            child<QPlainTextEdit>("commandLine")->toPlainText().replace(QStringLiteral(" \\\n  "), QStringLiteral(" ")),
            m_page->commandLine());
        child<QPushButton>("copyCommand")->click();
        QCOMPARE(QApplication::clipboard()->text(), m_page->commandLine());

        QSignalSpy said(m_page.get(), &Page::message);
        child<QPushButton>("saveSplit")->click();
        QTRY_COMPARE(said.count(), 1);
        const SplitRow stored = m_project->loadSplit("my split");
        QCOMPARE(stored.split.threshold, 0.35);
        QCOMPARE(stored.split.counts().easy, m_page->counts().easy);
        QTRY_VERIFY(child<QPushButton>("saveSplit")->isEnabled());
        // Its rule can be taken up again.
        child<QDoubleSpinBox>("gapValue")->setValue(1.5);
        auto* saved = child<QComboBox>("savedSplits");
        const int index = saved->findData(QStringLiteral("my split"));
        QVERIFY(index > 0);
        saved->setCurrentIndex(index);
        Q_EMIT saved->activated(index);
        QCOMPARE(m_page->threshold(), 0.35);

        child<QDoubleSpinBox>("gapValue")->setValue(-0.25);
        child<QCheckBox>("contradictory")->setChecked(true);
        child<QDoubleSpinBox>("contradictoryValue")->setValue(-1.0);
        QVERIFY2(m_page->commandLine().contains(
                     QStringLiteral(" --gap=-0.25 --contradictory 1 --contradictory-action hard ")),
            qPrintable(m_page->commandLine()));
    }

    void replacingASplitIsSaidAndUndone()
    {
        makePage(true);
        auto* save = child<QPushButton>("saveSplit");
        auto* undo = child<QPushButton>("undoSave");
        auto* note = child<QLabel>("splitNote");
        const auto saveNow = [&] {
            save->click();
            QTRY_VERIFY(save->isEnabled());
        };
        child<QDoubleSpinBox>("gapValue")->setValue(0.35);
        child<QLineEdit>("splitName")->setText(QStringLiteral("one"));
        QVERIFY(note->isHidden());
        saveNow();
        QCOMPARE(m_project->loadSplit("one").split.threshold, 0.35);
        QVERIFY(undo->isHidden());
        QCOMPARE(save->text(), QStringLiteral("Save split")); // the same again replaces nothing

        child<QDoubleSpinBox>("gapValue")->setValue(1.25);
        QCOMPARE(save->text(), QStringLiteral("Replace split"));
        QVERIFY2(
            note->isVisible() && note->text().startsWith(QStringLiteral("one is saved already, gap above 0.35 by")),
            qPrintable(note->text()));
        saveNow();
        QCOMPARE(m_project->loadSplit("one").split.threshold, 1.25);
        QVERIFY(undo->isVisible());
        undo->click();
        QCOMPARE(m_project->loadSplit("one").split.threshold, 0.35);
        QCOMPARE(m_project->splits().size(), std::size_t(1));
        QVERIFY(undo->isHidden());

        child<QLineEdit>("splitName")->setText(QStringLiteral("two"));
        QCOMPARE(save->text(), QStringLiteral("Save split"));
        QVERIFY(note->isHidden());
        saveNow();
        QCOMPARE(m_project->loadSplit("one").split.threshold, 0.35);
        QCOMPARE(m_project->loadSplit("two").split.threshold, 1.25);
    }

    void choicesComeBack()
    {
        makePage(true);
        auto* histogram = child<RewardGapHistogram>("histogram");
        child<QDoubleSpinBox>("confidenceValue")->setValue(75.0);
        child<QCheckBox>("contradictory")->setChecked(true);
        child<QDoubleSpinBox>("contradictoryValue")->setValue(-0.5);
        child<QLineEdit>("splitName")->setText(QStringLiteral("mine"));
        child<QCheckBox>("logScale")->setChecked(true);
        child<QTabWidget>("details")->setCurrentIndex(2);
        histogram->setFocus();
        QTest::keyClick(histogram, Qt::Key_Plus);
        QVERIFY(histogram->view().has_value());
        activate();
        QTest::keyClick(m_page.get(), Qt::Key_H);
        QTRY_VERIFY(!histogram->isVisible());
        const auto view = histogram->view();
        const SplitRule rule = m_page->rule();
        const QJsonObject state = viewState(*m_page);

        m_page = std::make_unique<SplitPage>(*m_bridge, *m_selection);
        m_page->resize(1080, 660);
        restoreViewState(*m_page, state);
        m_page->show();
        QTRY_VERIFY(child<QPushButton>("saveSplit")->isEnabled());
        QCOMPARE(m_page->rule().by, SplitRule::By::Confidence);
        QCOMPARE(m_page->rule().value, rule.value);
        QCOMPARE(m_page->rule().contradictory, rule.contradictory);
        QVERIFY(child<QCheckBox>("contradictory")->isChecked());
        QCOMPARE(child<QLineEdit>("splitName")->text(), QStringLiteral("mine"));
        QVERIFY(child<QCheckBox>("logScale")->isChecked());
        QCOMPARE(child<QTabWidget>("details")->currentIndex(), 2);
        QCOMPARE(child<RewardGapHistogram>("histogram")->view(), view);
        QVERIFY(!child<RewardGapHistogram>("histogram")->isVisible());
        activate();
        QTest::keyClick(m_page.get(), Qt::Key_H);
        QTRY_VERIFY(child<RewardGapHistogram>("histogram")->isVisible());
        compareCounts();
    }

    void readersHaveRoom()
    {
        makePage(true);
        m_page->resize(1088, 640); // what 1280x720 leaves
        QTRY_VERIFY(child<QTableView>("examples")->model()->rowCount() > 0);
        const auto reader = [this](const char* name) {
            for (auto* one : m_page->findChildren<QTextBrowser*>())
                if (one->accessibleName() == QLatin1String(name))
                    return one;
            return static_cast<QTextBrowser*>(nullptr);
        };
        const auto lines = [&](const char* name) {
            return double(reader(name)->viewport()->height()) / reader(name)->fontMetrics().lineSpacing();
        };
        // A prompt of one line leaves its room to the responses, a long one takes its share.
        QTest::mouseClick(child<QPushButton>("room"), Qt::LeftButton);
        QTRY_VERIFY2(lines("Chosen") >= 20.0, qPrintable(QString::number(lines("Chosen"))));
        QVERIFY2(lines("Prompt") >= 2.0 && lines("Prompt") < 4.0, qPrintable(QString::number(lines("Prompt"))));
        QTest::mouseClick(child<QPushButton>("room"), Qt::LeftButton);
        QTRY_VERIFY2(lines("Chosen") >= 9.0 && lines("Chosen") < 20.0, qPrintable(QString::number(lines("Chosen"))));
        reader("Prompt")->setPlainText(QStringLiteral("A long prompt.\n").repeated(40));
        QTRY_VERIFY2(lines("Prompt") >= 4.0, qPrintable(QString::number(lines("Prompt"))));
        QVERIFY2(lines("Chosen") >= 6.0, qPrintable(QString::number(lines("Chosen"))));
        QTest::mouseClick(child<QPushButton>("room"), Qt::LeftButton);
        QTRY_VERIFY2(lines("Prompt") >= 9.0, qPrintable(QString::number(lines("Prompt"))));
        QVERIFY2(lines("Chosen") >= 14.0, qPrintable(QString::number(lines("Chosen"))));
        activate();
        QTest::keyClick(child<QTableView>("examples"), Qt::Key_H);
        QTRY_VERIFY(child<RewardGapHistogram>("histogram")->isVisible());
    }

    void keysZoomTheHistogram()
    {
        makePage(true);
        auto* histogram = child<RewardGapHistogram>("histogram");
        histogram->setFocus();
        QVERIFY(!histogram->view());
        const double before = histogram->resolution();
        QTest::keyClick(histogram, Qt::Key_Plus);
        COMPARE_NEAR(histogram->resolution(), 0.8 * before, 1e-9);
        QTest::keyClick(histogram, Qt::Key_Minus);
        QVERIFY(!histogram->view());
        QTest::keyClick(histogram, Qt::Key_Plus);
        QTest::keyClick(histogram, Qt::Key_0);
        QVERIFY(!histogram->view());
    }

    void pairsAreMendedByKeys()
    {
        makePage(true);
        child<QDoubleSpinBox>("gapValue")->setValue(0.6);
        auto* table = child<QTableView>("examples");
        QTRY_VERIFY(table->model()->rowCount() > 0);
        const SplitCounts before = m_page->counts();
        const std::int64_t first = examples()->pairNumber(3), second = examples()->pairNumber(7);
        select({3, 7});
        const double gap = examples()->score(3).gap();
        QVERIFY(gap > 0.0);
        table->setFocus();
        QTest::keyClick(table, Qt::Key_F);
        QCOMPARE(m_project->pairEdits("pairs").flipped,
            (std::vector<std::int64_t> {std::min(first, second), std::max(first, second)}));
        compareCounts();
        // The list stays, with the other sign and the responses exchanged.
        QCOMPARE(examples()->pairNumber(3), first);
        QCOMPARE(examples()->score(3).gap(), -gap);
        QCOMPARE(examples()->pair(3).chosen, makeDataset("pairs").pairs[std::size_t(first)].rejected);
        QVERIFY(child<QLabel>("pairNote")->text().contains(QStringLiteral("flipped")));
        QVERIFY(child<QLabel>("editedCount")->text() == QStringLiteral("2"));
        QVERIFY(!child<QPushButton>("flipPairs")->isEnabled() && child<QPushButton>("keepPairs")->isEnabled());
        std::int64_t inBars = 0;
        for (const auto& bin : child<RewardGapHistogram>("histogram")->bins())
            inBars += bin.count;
        QCOMPARE(inBars, kPairs - 1);

        select({5});
        QTest::keyClick(table, Qt::Key_D);
        compareCounts();
        QCOMPARE(m_page->counts().dropped, std::int64_t(1));
        QTest::keyClick(table, Qt::Key_Z, Qt::ControlModifier);
        QTest::keyClick(table, Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(m_project->pairEdits("pairs").empty());
        QCOMPARE(m_page->counts().easy, before.easy);
        compareCounts();
        QTest::keyClick(table, Qt::Key_Z, Qt::ControlModifier); // nothing is left
        QCOMPARE(m_project->pairEditLog("pairs").size(), std::size_t(4));
        QTest::keyClick(table, Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(m_project->pairEdits("pairs").flipped.size(), std::size_t(2));
        compareCounts();
        auto* log = child<QTableView>("editLog");
        QCOMPARE(log->model()->rowCount(), 5);
        QVERIFY(log->model()->index(4, 3).data().toString().startsWith(QStringLiteral("redo of 1")));

        // All of it is there when the window is opened again, and in the split that is saved.
        m_page = std::make_unique<SplitPage>(*m_bridge, *m_selection);
        m_page->resize(1080, 660);
        m_page->show();
        QTRY_VERIFY(child<QPushButton>("saveSplit")->isEnabled());
        QCOMPARE(child<QTableView>("editLog")->model()->rowCount(), 5);
        child<QDoubleSpinBox>("gapValue")->setValue(0.6);
        compareCounts();
        QVERIFY2(m_page->commandLine().contains(QStringLiteral(" --edits 5 ")), qPrintable(m_page->commandLine()));
        child<QLineEdit>("splitName")->setText(QStringLiteral("mended"));
        QSignalSpy said(m_page.get(), &Page::message);
        child<QPushButton>("saveSplit")->click();
        QTRY_COMPARE(said.count(), 1);
        const Split split = m_project->loadSplit("mended").split;
        QCOMPARE(split.edits, std::int64_t(5));
        QCOMPARE(split.flippedByHand, m_project->pairEdits("pairs").flipped);
        QCOMPARE(split.counts().easy, m_page->counts().easy);
        // They can be found again, and an entry of the log lists its pairs.
        auto* listing = child<QComboBox>("pairListing");
        listing->setCurrentIndex(1);
        Q_EMIT listing->activated(1);
        QCOMPARE(examples()->rowCount(), 2);
        QTRY_VERIFY(isRead(makeDataset("pairs").pairs[std::size_t(examples()->pairNumber(0))].rejected));
        Q_EMIT child<QTableView>("editLog")->activated(child<QTableView>("editLog")->model()->index(1, 0));
        QCOMPARE(examples()->rowCount(), 1);
    }

    void keysAreTextInTheSearch()
    {
        makePage(true);
        QTRY_VERIFY(child<QTableView>("examples")->model()->rowCount() > 0);
        for (QLineEdit* edit : m_page->findChildren<QLineEdit*>())
            if (edit->accessibleName() == QStringLiteral("Search in prompts and responses")) {
                edit->setFocus();
                QTest::keyClicks(edit, QStringLiteral("fdkh"));
                QCOMPARE(edit->text(), QStringLiteral("fdkh"));
            }
        QVERIFY(m_project->pairEditLog("pairs").empty());
    }

    void barsAreDivided()
    {
        makePage(true);
        auto* by = child<QComboBox>("stackBy");
        QTRY_COMPARE(by->count(), 2); // these data have no confidence
        by->setCurrentIndex(1);
        Q_EMIT by->activated(1);
        auto* histogram = child<RewardGapHistogram>("histogram");
        QCOMPARE(
            histogram->strata(), (QStringList {QStringLiteral("chosen longer"), QStringLiteral("chosen shorter")}));
        std::int64_t longer = 0, shorter = 0;
        for (const auto& bin : histogram->bins()) {
            longer += bin.parts[0];
            shorter += bin.parts[1];
            QCOMPARE(bin.parts[0] + bin.parts[1], bin.count);
        }
        QCOMPARE(longer, std::int64_t(299)); // three of four; number 10 has no score
        QCOMPARE(shorter, std::int64_t(100));
        QVERIFY(histogram->table().startsWith(QStringLiteral("low,high,pairs,\"chosen longer\",\"chosen shorter\"\n")));
        // A flip turns the lengths too.
        m_project->editPairs("pairs", PairEdit::Flip, {1}, "Ada");
        m_page->refresh();
        QCOMPARE(std::accumulate(histogram->bins().begin(), histogram->bins().end(), std::int64_t(0),
                     [](std::int64_t sum, const auto& bin) { return sum + bin.parts[1]; }),
            std::int64_t(101));
    }

    void confidenceMakesStrata()
    {
        std::vector<PairScore> scores(12);
        for (std::size_t i = 0; i < scores.size(); ++i)
            scores[i] = {double(i), 0.0};
        const SplitData data("s", "d", scores, {1, {}, {11}});
        const float none = std::nanf("");
        std::vector<float> confidence {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, none, 5};
        // Ten pairs with a value from 1 to 9: thirds by the middle of each value's place.
        const auto thirds = strataByConfidence(data, confidence);
        QCOMPARE(thirds->names,
            (QStringList {QStringLiteral("8 to 9"), QStringLiteral("4 to 7"), QStringLiteral("1 to 3"),
                QStringLiteral("not said")}));
        QCOMPARE(thirds->gaps[0], (std::vector<double> {7, 8, 9}));
        QCOMPARE(thirds->gaps[3], (std::vector<double> {10}));
        QCOMPARE(thirds->countBelow(0, 8.0), std::int64_t(1));
        confidence = {1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3};
        QCOMPARE(strataByConfidence(data, confidence)->names,
            (QStringList {QStringLiteral("3"), QStringLiteral("2"), QStringLiteral("1")}));
        QVERIFY(!strataByConfidence(data, std::vector<float>(12, none)));
    }

    void anotherScoringIsCompared()
    {
        makePage(true);
        auto* choice = child<QComboBox>("secondScores");
        QVERIFY(!choice->isEnabled());
        std::vector<PairScore> others = makeScores();
        std::mt19937 random(8);
        std::normal_distribution<double> normal(0.1, 0.7);
        for (PairScore& score : others)
            score.chosen = 0.5 * score.chosen + normal(random);
        m_project->addScoreSet({0, "others", "pairs", "rm2", true, kPairs, nowUtc()}, others);
        m_project->editPairs("pairs", PairEdit::Flip, {20, 21}, "Ada");
        m_project->editPairs("pairs", PairEdit::Drop, {22, 23}, "Ada");
        m_page->refresh();
        QCOMPARE(choice->count(), 2);
        for (auto* tabs : m_page->findChildren<QTabWidget*>())
            tabs->setCurrentWidget(choice->parentWidget()->parentWidget());
        choice->setCurrentIndex(1);
        Q_EMIT choice->activated(1);
        auto* text = child<QLabel>("comparisonText");
        const PairEdits edits = m_project->pairEdits("pairs");
        const std::vector<double> a = editedGaps(gapsOf(makeScores()), edits), b = editedGaps(gapsOf(others), edits);
        const GapAgreement agreement = compareGaps(a, b);
        QCOMPARE(agreement.pairs, std::int64_t(kPairs - 3));
        QTRY_VERIFY2(text->text().contains(formatShare(agreement.alike)), qPrintable(text->text()));
        QVERIFY(text->text().contains(QStringLiteral("Correlation %1").arg(agreement.pearson, 0, 'f', 2)));
        // The rule is an easy share at first: each scoring has its own threshold.
        const SplitRule rule = m_page->rule();
        const auto changes = [&] {
            const BucketTable table = compareBuckets(
                a, b, m_page->rule(), splitPairs(a, m_page->rule()).threshold, splitPairs(b, m_page->rule()).threshold);
            return tr("%1 (%2) change sides")
                .arg(formatCount(table.changed()), formatShare(double(table.changed()) / double(agreement.pairs)));
        };
        QCOMPARE(rule.by, SplitRule::By::EasyShare);
        QTRY_VERIFY2(text->text().contains(changes()), qPrintable(text->text() + changes()));
        child<QDoubleSpinBox>("gapValue")->setValue(0.9);
        QTRY_VERIFY2(text->text().contains(changes()), qPrintable(text->text() + changes()));
        // The pairs that they order differently, most different first, with both gaps.
        child<QPushButton>("listDisagreeing")->click();
        const std::vector<std::int64_t> pairs = disagreeingPairs(a, b);
        QVERIFY(pairs.size() > 20);
        QCOMPARE(examples()->rowCount(), int(pairs.size()));
        for (int row = 0; row < examples()->rowCount(); ++row)
            QCOMPARE(examples()->pairNumber(row), pairs[std::size_t(row)]);
        QVERIFY(!child<QTableView>("examples")->isColumnHidden(ScoredPairModel::SecondGap));
        QCOMPARE(examples()->index(0, ScoredPairModel::SecondGap).data().toString(),
            examples()->gapText(b[std::size_t(pairs.front())]));
        choice->setCurrentIndex(0);
        Q_EMIT choice->activated(0);
        QVERIFY(child<QTableView>("examples")->isColumnHidden(ScoredPairModel::SecondGap));
    }

    void exportsBothHalves()
    {
        makePage(true);
        child<QDoubleSpinBox>("gapValue")->setValue(0.5);
        child<QCheckBox>("contradictory")->setChecked(true);
        child<QDoubleSpinBox>("contradictoryValue")->setValue(-0.5);
        auto* action = child<QComboBox>("contradictoryAction");
        action->setCurrentIndex(action->findData(int(ContradictoryAction::Flip)));
        Q_EMIT action->activated(action->currentIndex());
        QSignalSpy said(m_page.get(), &Page::message);
        const QString easy = m_folder.filePath(QStringLiteral("x-easy.jsonl")),
                      hard = m_folder.filePath(QStringLiteral("x-hard.jsonl"));
        m_project->editPairs("pairs", PairEdit::Flip, {3, 30, 33, 300}, "Ada");
        m_project->editPairs("pairs", PairEdit::Drop, {4, 40}, "Ada");
        m_page->refresh();
        m_page->exportTo(easy, hard);
        QTRY_COMPARE(said.count(), 1);

        const Split split = splitPairs(gapsOf(makeScores()), m_page->rule(), m_project->pairEdits("pairs"));
        const Dataset data = makeDataset("pairs");
        const auto easyRows = readLines(easy), hardRows = readLines(hard);
        const auto easyPairs = split.easyPairs(), hardPairs = split.hardPairs();
        QCOMPARE(easyRows.size(), easyPairs.size());
        QCOMPARE(hardRows.size(), hardPairs.size());
        int flipped = 0;
        for (std::size_t i = 0; i < easyRows.size(); ++i) {
            const PreferencePair& pair = data.pairs[std::size_t(easyPairs[i])];
            const bool flip = split.flipped(easyPairs[i]);
            flipped += flip ? 1 : 0;
            QCOMPARE(easyRows[i].at("prompt").get<std::string>(), pair.prompt);
            QCOMPARE(easyRows[i].at("chosen").get<std::string>(), flip ? pair.rejected : pair.chosen);
            QCOMPARE(easyRows[i].at("rejected").get<std::string>(), flip ? pair.chosen : pair.rejected);
        }
        QVERIFY(flipped > 0);
        for (std::size_t i = 0; i < hardRows.size(); ++i) {
            const PreferencePair& pair = data.pairs[std::size_t(hardPairs[i])];
            QCOMPARE(
                hardRows[i].at("chosen").get<std::string>(), split.flipped(hardPairs[i]) ? pair.rejected : pair.chosen);
        }
        QCOMPARE(easyRows.size() + hardRows.size(), std::size_t(kPairs - 2));
    }

    void exportsTheScores()
    {
        makePage(true);
        child<QDoubleSpinBox>("gapValue")->setValue(0.5);
        child<QCheckBox>("contradictory")->setChecked(true);
        child<QDoubleSpinBox>("contradictoryValue")->setValue(-0.5);
        m_project->editPairs("pairs", PairEdit::Flip, {3}, "Ada");
        m_project->editPairs("pairs", PairEdit::Drop, {4}, "Ada");
        m_page->refresh();
        QSignalSpy said(m_page.get(), &Page::message);
        const QString file = m_folder.filePath(QStringLiteral("scores.csv"));
        m_page->exportScoresTo(file);
        QTRY_COMPARE(said.count(), 1);
        const QStringList lines = toQString(readTextFile(file.toStdString())).split(QLatin1Char('\n'));
        QCOMPARE(lines.size(), kPairs + 2); // heading, and nothing after the last line
        QCOMPARE(lines[0], QStringLiteral("pair,chosen_score,rejected_score,gap,bucket,by_hand"));
        const std::vector<PairScore> scores = makeScores();
        for (int i = 0; i < kPairs; ++i) {
            const QStringList cells = lines[i + 1].split(QLatin1Char(','));
            QCOMPARE(cells.size(), 6);
            QCOMPARE(cells[0].toInt(), i + 1);
            const PairScore& score = scores[std::size_t(i)];
            if (std::isnan(score.gap())) {
                QCOMPARE(lines[i + 1], QStringLiteral("%1,,,,hard,").arg(i + 1));
                continue;
            }
            const double gap = i == 3 ? -score.gap() : score.gap();
            COMPARE_NEAR(cells[1].toDouble(), i == 3 ? score.rejected : score.chosen, 1e-7);
            COMPARE_NEAR(cells[3].toDouble(), gap, 1e-7);
            QCOMPARE(cells[4],
                QLatin1String(i == 4 ? "dropped"
                        : gap > 0.5  ? "easy"
                        : gap < -0.5 ? "contradictory"
                                     : "hard"));
            QCOMPARE(cells[5], QLatin1String(i == 3 ? "flipped" : i == 4 ? "dropped" : ""));
        }
    }

    void examplesModel()
    {
        makePage(true);
        const auto data = std::make_shared<const SplitData>("pairs-scores", "pairs", makeScores());
        ScoredPairModel model(*m_project);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setData(data);
        QCOMPARE(model.rowCount(), 0);
        model.setPairs({5, 3, 8});
        model.setBuckets([](std::int64_t pair) { return pair == 3 ? Bucket::Easy : Bucket::Hard; });
        QCOMPARE(model.rowCount(), 3);
        QCOMPARE(model.pair(1).prompt, std::string("Prompt 3"));
        QCOMPARE(model.index(1, ScoredPairModel::Prompt).data().toString(), QStringLiteral("Prompt 3"));
        QCOMPARE(model.index(1, ScoredPairModel::BucketName).data().toString(), QStringLiteral("Easy"));
        QCOMPARE(model.index(0, ScoredPairModel::Number).data().toString(), QStringLiteral("6"));
        QCOMPARE(model.rowOf(8), 2);
        // Only rows that move to the other part are painted again.
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        model.setBuckets([](std::int64_t pair) { return pair == 3 ? Bucket::Easy : Bucket::Hard; });
        QCOMPARE(changed.size(), 0);
        model.setBuckets([](std::int64_t pair) { return pair == 5 ? Bucket::Hard : Bucket::Easy; });
        QCOMPARE(changed.size(), 1);
        QCOMPARE(changed[0][0].toModelIndex(), model.index(2, ScoredPairModel::BucketName));
        QCOMPARE(changed[0][1].toModelIndex(), model.index(2, ScoredPairModel::BucketName));
        QCOMPARE(model.index(2, ScoredPairModel::BucketName).data().toString(), QStringLiteral("Easy"));
        model.setPairs({});
        QCOMPARE(model.rowCount(), 0);
    }
};

QTEST_MAIN(TestSplitPage)
#include "tst_split_page.moc"
