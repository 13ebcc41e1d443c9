// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_page.h"

#include "core/engine/session_file.h"
#include "core/store/project.h"
#include "ui/format.h"
#include "ui/make_scroll.h"
#include "ui/notice.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/evaluate_judge_form.h"
#include "ui/pages/evaluate_judging.h"
#include "ui/pages/evaluate_merge.h"
#include "ui/pages/evaluate_new_session.h"
#include "ui/pages/evaluate_result.h"
#include "ui/pages/evaluate_results.h"
#include "ui/pages/evaluate_session_model.h"
#include "ui/pages/evaluate_who.h"
#include "ui/style.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace mpo {

EvaluatePage::EvaluatePage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_title(makeTitle(tr("Evaluate")))
    , m_new(new QPushButton(tr("New session…")))
    , m_notice(new Notice)
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyState)
    , m_emptyButton(m_empty->addButton({}))
    , m_sessions(new EvaluateSessionModel(this))
    , m_form(new EvaluateNewSession)
    , m_judging(new EvaluateJudging(selection.project()))
    , m_results(new EvaluateResults(selection.project()))
{
    m_new->setObjectName(QStringLiteral("newSession"));
    m_notice->label()->setObjectName(QStringLiteral("sessionNotice"));
    m_empty->title()->setObjectName(QStringLiteral("emptyTitle"));
    m_emptyButton->setObjectName(QStringLiteral("emptyButton"));
    setRole(m_emptyButton, "primary");
    auto* head = new QHBoxLayout;
    head->addWidget(m_title);
    m_import = new QPushButton(tr("Import session…"));
    m_import->setObjectName(QStringLiteral("importSession"));
    m_import->setToolTip(tr("Takes in a session file that another person made, to judge it here"));
    head->addStretch();
    head->addWidget(m_import);
    head->addWidget(m_new);

    auto* formPage = new QWidget;
    auto* centred = new QHBoxLayout(formPage);
    centred->setContentsMargins(0, 0, 0, 0);
    centred->addStretch(1);
    m_form->setMinimumWidth(520);
    m_form->setMaximumWidth(600);
    centred->addWidget(m_form, 0, Qt::AlignTop);
    centred->addStretch(1);
    m_stack->addWidget(m_empty); // in the order of View
    m_stack->addWidget(makeSessions());
    m_stack->addWidget(makeScroll(formPage)); // three sources or an error make it higher than a small window
    m_stack->addWidget(m_judging);
    m_stack->addWidget(m_results);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(m_notice);
    layout->addWidget(m_stack, 1);

    connect(m_new, &QPushButton::clicked, this, [this] {
        m_form->refresh(project(), m_selection.dataset());
        showView(New);
    });
    connect(m_import, &QPushButton::clicked, this, [this] {
        const QString file
            = QFileDialog::getOpenFileName(this, tr("Import a session"), {}, tr("Session files (*.jsonl)"));
        if (!file.isEmpty())
            importSession(file);
    });
    connect(m_emptyButton, &QPushButton::clicked, this, [this] {
        if (m_haveModels)
            m_new->click();
        else
            Q_EMIT openPage(m_emptyTarget);
    });
    connect(m_form, &EvaluateNewSession::closed, this, &EvaluatePage::showSessions);
    connect(m_form, &EvaluateNewSession::createRequested, this, [this](const CreateEvaluation& command) {
        m_waiting = true;
        m_created.clear();
        m_form->showProgress(m_bridge.busy() ? tr("Waiting for the running command") : tr("Starting"), -1.0, {});
        m_bridge.post(command);
    });
    connect(m_judging, &EvaluateJudging::left, this, &EvaluatePage::showSessions);
    connect(m_judging, &EvaluateJudging::revealed, this, &EvaluatePage::openSession);
    connect(m_results, &EvaluateResults::left, this, &EvaluatePage::showSessions);
    connect(m_results, &EvaluateResults::importRequested, this,
        [this](const ImportDataset& command) { m_bridge.post(command); });
    connect(m_results, &EvaluateResults::message, this, &Page::message);

    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting)
            m_form->showProgress(toQString(event.what), event.share, toQString(event.detail));
    });
    connect(&m_bridge, &EngineBridge::evaluationCreated, this, [this](const EvaluationCreated& event) {
        if (m_waiting)
            m_created.push_back(event);
        if (m_stack->currentIndex() <= Sessions)
            showSessions();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!m_waiting || (m_created.empty() && m_bridge.busy()))
            return; // the end of a command before ours
        m_waiting = false;
        m_form->showIdle(event.outcome == CommandFinished::Outcome::Succeeded ? QString() : toQString(event.message));
        if (event.outcome == CommandFinished::Outcome::Succeeded && m_stack->currentIndex() == New)
            showCreated();
    });
    showSessions();
}

QWidget* EvaluatePage::makeSessions()
{
    auto* page = new QWidget;
    m_table = new QTableView;
    m_table->setObjectName(QStringLiteral("sessions"));
    m_table->setModel(m_sessions);
    setTableLook(m_table);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->verticalHeader()->hide();
    m_table->setColumnWidth(EvaluateSessionModel::Name, 200);
    m_table->setColumnWidth(EvaluateSessionModel::Progress, 170);
    m_table->setColumnWidth(EvaluateSessionModel::Annotators, 220);
    m_table->setColumnWidth(EvaluateSessionModel::Created, 130);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(EvaluateSessionModel::Models, QHeaderView::Stretch);
    m_merge = new EvaluateMerge(project());
    m_merge->hide();
    m_judgeForm = new EvaluateJudgeForm(m_bridge);
    m_judgeForm->hide();
    m_open = new QPushButton(tr("Judge"));
    m_open->setObjectName(QStringLiteral("openSession"));
    setRole(m_open, "primary");
    m_add = new QPushButton(tr("Add judgments…"));
    m_add->setObjectName(QStringLiteral("addJudgments"));
    m_add->setToolTip(tr("Adds what another person judged in their copy of the session"));
    m_judge = new QPushButton(tr("Model as judge…"));
    m_judge->setObjectName(QStringLiteral("judgeByModel"));
    m_judge->setToolTip(tr("Lets a language model or a reward model judge the session beside people"));
    m_share = new QPushButton(tr("Session file…"));
    m_share->setObjectName(QStringLiteral("exportSession"));
    m_share->setToolTip(tr("Writes the session with its judgments to a file, for another person to judge or to add. It "
                           "holds the key: it is not for reading."));
    m_early = new QPushButton(tr("Result so far…"));
    m_early->setObjectName(QStringLiteral("openEarly"));
    for (QPushButton* quiet : {m_judge, m_add, m_share, m_early})
        setRole(quiet, "quiet");
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kSpace);
    buttons->addWidget(
        makeHint(tr("Models stay hidden until a session is closed. Judging goes on where it stopped.")), 1);
    for (QPushButton* button : {m_early, m_share, m_judge, m_add, m_open})
        buttons->addWidget(button);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_merge);
    layout->addWidget(m_judgeForm);
    layout->addWidget(makeEarly());
    layout->addLayout(buttons);
    connect(m_add, &QPushButton::clicked, this, [this] {
        closePanels();
        if (const EvaluationRow* row = chosen())
            m_merge->open(*row, blindName(*row));
    });
    connect(m_judge, &QPushButton::clicked, this, [this] {
        closePanels();
        if (const EvaluationRow* row = chosen())
            m_judgeForm->open(*row, blindName(*row));
    });
    connect(m_judgeForm, &EvaluateJudgeForm::closed, this, &EvaluatePage::closePanels);
    connect(m_judgeForm, &EvaluateJudgeForm::ended, this, [this](const QString& sentence, bool failed) {
        if (m_stack->currentIndex() == Sessions)
            showSessions();
        m_notice->say(sentence, failed);
    });
    connect(m_merge, &EvaluateMerge::closed, this, &EvaluatePage::closePanels);
    connect(m_merge, &EvaluateMerge::merged, this, [this](const QString& sentence) {
        showSessions();
        m_notice->say(sentence);
    });
    connect(m_share, &QPushButton::clicked, this, [this] {
        const EvaluationRow* row = chosen();
        const QString file = row ? QFileDialog::getSaveFileName(this, tr("Write the session to a file"),
                                 blindName(*row) + QStringLiteral(".jsonl"), tr("Session files (*.jsonl)"))
                                 : QString();
        if (!file.isEmpty())
            exportSession(file);
    });
    connect(m_early, &QPushButton::clicked, this, [this] {
        closePanels();
        m_earlyPanel->show();
        m_earlyPanel->findChild<QPushButton*>(QStringLiteral("cancelEarly"))->setFocus();
    });
    connect(m_table, &QTableView::activated, this, &EvaluatePage::openSelected);
    connect(m_open, &QPushButton::clicked, this, &EvaluatePage::openSelected);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        closePanels();
        updateOpenButton();
    });
    return page;
}

QWidget* EvaluatePage::makeEarly()
{
    m_earlyPanel = makeCard();
    auto* text
        = new QLabel(tr("The session is still blind. Whoever sees its result now and judges on is blind no more, "
                        "so looking is written into the project, and every later report says it."));
    text->setWordWrap(true);
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancelEarly"));
    auto* look = new QPushButton(tr("Look, and note it"));
    look->setObjectName(QStringLiteral("confirmEarly"));
    setRole(look, "danger");
    connect(cancel, &QPushButton::clicked, this, &EvaluatePage::closePanels);
    connect(look, &QPushButton::clicked, this, &EvaluatePage::lookEarly);
    auto* layout = new QHBoxLayout(m_earlyPanel);
    layout->setContentsMargins(2 * kSpace, kSpace, kSpace, kSpace);
    layout->setSpacing(kSpace);
    layout->addWidget(text, 1);
    layout->addWidget(cancel);
    layout->addWidget(look);
    m_earlyPanel->hide();
    return m_earlyPanel;
}

void EvaluatePage::closePanels()
{
    m_merge->hide();
    m_judgeForm->hide();
    m_earlyPanel->hide();
}

const EvaluationRow* EvaluatePage::chosen() const
{
    const int row = m_table->currentIndex().row();
    return row >= 0 && row < m_sessions->rowCount() ? &m_sessions->row(row) : nullptr;
}

void EvaluatePage::choose(std::int64_t evaluation)
{
    for (int i = 0; i < m_sessions->rowCount(); ++i)
        if (m_sessions->row(i).id == evaluation)
            m_table->selectRow(i);
}

void EvaluatePage::importSession(const QString& file)
{
    try {
        const SessionFile session = readSessionFile(file.toStdString());
        const std::string name = addSession(project(), session, {});
        const EvaluationRow row = project().evaluation(name);
        showSessions();
        choose(row.id);
        m_notice->say(tr("%1: %2 items and %3 judgments were taken in.")
                          .arg(blindName(row), formatCount(row.items), formatCount(qint64(session.judgments.size()))));
    } catch (const std::exception& error) {
        m_notice->say(toQString(error.what()), true);
    }
}

void EvaluatePage::exportSession(const QString& file)
{
    const EvaluationRow* row = chosen();
    if (!row)
        return;
    try {
        writeSessionFile(project(), row->name, file.toStdString());
        m_notice->say(
            tr("%1 is written to %2. Another person can import and judge it; its judgments are added here with \"Add "
               "judgments\".")
                .arg(blindName(*row), formatFolder(file)));
    } catch (const std::exception& error) {
        m_notice->say(toQString(error.what()), true);
    }
}

void EvaluatePage::lookEarly()
{
    const EvaluationRow* row = chosen();
    closePanels();
    if (!row)
        return;
    try {
        m_results->open(*row, Early::OpenAndLog);
        m_opened = 0;
        showView(Results);
    } catch (const std::exception& error) {
        m_notice->say(toQString(error.what()), true);
    }
}

void EvaluatePage::showView(View view)
{
    if (view != m_stack->currentIndex())
        m_notice->clear();
    m_stack->setCurrentIndex(view);
    m_new->setVisible(view == Sessions || (view == Empty && !m_haveModels)); // files of responses need no model
    m_import->setVisible(view == Sessions || view == Empty);
    // Judging needs the height, and its own head says what it is.
    m_title->setVisible(view != Judging && view != Results);
    // Arrows and Enter open a session without the mouse, and whoever comes back to judging goes on with the keys.
    setFocusProxy(view == Sessions ? static_cast<QWidget*>(m_table) : view == Judging ? m_judging : nullptr);
    if (view == Sessions)
        m_table->setFocus();
}

void EvaluatePage::refresh()
{
    const QJsonObject restored = std::exchange(m_restored, {});
    if (const auto open = std::int64_t(restored[QStringLiteral("open")].toDouble()); open != 0)
        openSession(open);
    // Whoever is judging is not disturbed by what else happens.
    if (m_stack->currentIndex() == New)
        m_form->refresh(project(), m_selection.dataset());
    else if (m_stack->currentIndex() <= Sessions)
        showSessions();
    choose(std::int64_t(restored[QStringLiteral("chosen")].toDouble()));
}

QJsonObject EvaluatePage::choices() const
{
    if (!m_restored.isEmpty()) // never opened: as it was
        return m_restored;
    QJsonObject choices;
    if (const EvaluationRow* row = chosen())
        choices[QStringLiteral("chosen")] = double(row->id);
    // A result that was looked at early is not: each look is written into the project.
    const std::int64_t open = m_stack->currentIndex() == Judging ? m_judging->evaluation()
        : m_stack->currentIndex() == Results                     ? m_opened
                                                                 : 0;
    if (open != 0)
        choices[QStringLiteral("open")] = double(open);
    return choices;
}

void EvaluatePage::restoreChoices(const QJsonObject& choices) { m_restored = choices; }

void EvaluatePage::showSessions()
{
    const EvaluationRow* before = chosen();
    const std::int64_t selected = before ? before->id : 0;
    std::map<std::int64_t, QString> annotators;
    std::vector<EvaluationRow> rows = project().evaluations();
    for (const EvaluationRow& row : rows) {
        QStringList names;
        for (const AnnotatorRow& one : project().annotators(row.id))
            names << tr("%1 %2").arg(annotatorTitle(toQString(one.name)), formatCount(one.judged));
        annotators[row.id] = names.join(QStringLiteral(", "));
    }
    m_sessions->setRows(std::move(rows), std::move(annotators));
    closePanels();
    if (m_sessions->rowCount() > 0) {
        m_table->selectRow(0);
        choose(selected);
        updateOpenButton();
        showView(Sessions);
        return;
    }
    const std::vector<ModelRow> models = project().models();
    const auto policies
        = std::count_if(models.begin(), models.end(), [](const ModelRow& row) { return row.kind == "policy"; });
    const bool data = !project().datasets().empty();
    m_haveModels = policies >= 1 && data;
    if (m_haveModels) {
        m_empty->setTexts(tr("No sessions yet"),
            tr("Two models, or files of responses, answer the same prompts; you read the answers side by side without "
               "knowing whose they are, and choose with a key."));
        m_emptyButton->setText(tr("New session…"));
    } else {
        m_empty->setTexts(data ? tr("Train or import a model first") : tr("Import data first"),
            tr("A session compares the responses of two models to prompts of a data set. For responses that are in "
               "files "
               "already, choose New session."));
        m_emptyButton->setText(data ? tr("Go to Models") : tr("Go to Data"));
        m_emptyTarget = data ? PageId::Models : PageId::Data;
    }
    showView(Empty);
}

void EvaluatePage::showCreated()
{
    QStringList sentences;
    std::int64_t leaks = 0, leftOut = 0;
    QString words;
    for (const EvaluationCreated& one : m_created) {
        leaks += one.leaks;
        leftOut += one.leftOut;
        if (words.isEmpty())
            words = toQString(one.leakWords);
    }
    if (m_created.size() > 1)
        sentences << tr("%1 sessions were made, one for every two sources.").arg(m_created.size());
    if (leftOut > 0)
        sentences
            << tr("%1 prompts are left out: a response may tell its source (%2).").arg(formatCount(leftOut), words);
    if (leaks > 0)
        sentences << tr(
            "To %1 prompts a response may tell its source (%2): they stay in, and the result says how it is "
            "without them.")
                         .arg(formatCount(leaks), words);
    if (m_created.empty())
        return;
    if (sentences.isEmpty()) {
        openSession(m_created.front().evaluation);
        return;
    }
    showSessions();
    choose(m_created.front().evaluation);
    m_notice->say(sentences.join(QLatin1Char(' ')));
}

void EvaluatePage::updateOpenButton()
{
    const EvaluationRow* row = chosen();
    const bool writable = project().access() == Project::Access::ReadWrite;
    m_open->setEnabled(row);
    m_share->setEnabled(row);
    m_import->setEnabled(writable);
    m_add->setVisible(row && !row->closed);
    m_judge->setVisible(row && !row->closed);
    m_judge->setEnabled(writable);
    m_early->setVisible(row && !row->closed && row->judged > 0);
    m_add->setEnabled(writable);
    m_early->setEnabled(writable);
    if (row)
        m_open->setText(row->closed ? tr("Show result") : row->judged > 0 ? tr("Go on judging") : tr("Judge"));
}

void EvaluatePage::openSelected()
{
    if (const EvaluationRow* row = chosen())
        openSession(row->id);
}

void EvaluatePage::openSession(std::int64_t evaluation)
{
    for (const EvaluationRow& row : project().evaluations()) {
        if (row.id != evaluation)
            continue;
        if (row.closed) {
            try {
                m_results->open(row, Early::Refuse);
                m_opened = row.id;
                showView(Results);
            } catch (const std::exception& error) {
                Q_EMIT message(toQString(error.what()));
            }
        } else {
            m_judging->open(row, blindName(row));
            showView(Judging);
        }
        return;
    }
}

} // namespace mpo
