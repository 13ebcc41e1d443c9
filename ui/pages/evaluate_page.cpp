// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_page.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/evaluate_judging.h"
#include "ui/pages/evaluate_new_session.h"
#include "ui/pages/evaluate_results.h"
#include "ui/pages/evaluate_session_model.h"
#include "ui/style.h"

#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace mpo {

EvaluatePage::EvaluatePage(EngineBridge& bridge, Selection& selection, QWidget* parent)
    : Page(bridge, selection, parent)
    , m_title(makeTitle(tr("Evaluate")))
    , m_new(new QPushButton(tr("New session…")))
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyState)
    , m_emptyButton(m_empty->addButton({}))
    , m_sessions(new EvaluateSessionModel(this))
    , m_form(new EvaluateNewSession)
    , m_judging(new EvaluateJudging(selection.project()))
    , m_results(new EvaluateResults(selection.project()))
{
    m_new->setObjectName(QStringLiteral("newSession"));
    m_empty->title()->setObjectName(QStringLiteral("emptyTitle"));
    m_emptyButton->setObjectName(QStringLiteral("emptyButton"));
    setRole(m_emptyButton, "primary");
    auto* head = new QHBoxLayout;
    head->addWidget(m_title);
    head->addStretch();
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
    m_stack->addWidget(formPage);
    m_stack->addWidget(m_judging);
    m_stack->addWidget(m_results);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kPageMargin, 2 * kSpace, kPageMargin, 2 * kSpace);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(m_stack, 1);

    connect(m_new, &QPushButton::clicked, this, [this] {
        m_form->refresh(project(), m_selection.dataset());
        showView(New);
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
        m_answered = false;
        m_form->showProgress(m_bridge.busy() ? tr("Waiting for the running command") : tr("Starting"), -1.0, {});
        m_bridge.post(command);
    });
    connect(m_judging, &EvaluateJudging::left, this, &EvaluatePage::showSessions);
    connect(m_judging, &EvaluateJudging::revealed, this, &EvaluatePage::openSession);
    connect(m_results, &EvaluateResults::left, this, &EvaluatePage::showSessions);
    connect(m_results, &EvaluateResults::message, this, &Page::message);

    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting)
            m_form->showProgress(toQString(event.what), event.share, toQString(event.detail));
    });
    connect(&m_bridge, &EngineBridge::evaluationCreated, this, [this](const EvaluationCreated& event) {
        m_answered = m_waiting;
        if (m_waiting && m_stack->currentIndex() == New)
            openSession(event.evaluation);
        else if (m_stack->currentIndex() <= Sessions)
            showSessions();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!m_waiting || (!m_answered && m_bridge.busy()))
            return; // the end of a command before ours
        m_waiting = false;
        m_form->showIdle(event.outcome == CommandFinished::Outcome::Succeeded ? QString() : toQString(event.message));
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
    m_table->setColumnWidth(EvaluateSessionModel::Name, 220);
    m_table->setColumnWidth(EvaluateSessionModel::Progress, 190);
    m_table->setColumnWidth(EvaluateSessionModel::Created, 130);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(EvaluateSessionModel::Models, QHeaderView::Stretch);
    m_open = new QPushButton(tr("Judge"));
    m_open->setObjectName(QStringLiteral("openSession"));
    setRole(m_open, "primary");
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(
        makeHint(tr("Models stay hidden until a session is closed. Judging goes on where it stopped.")), 1);
    buttons->addWidget(m_open);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);
    connect(m_table, &QTableView::activated, this, &EvaluatePage::openSelected);
    connect(m_open, &QPushButton::clicked, this, &EvaluatePage::openSelected);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &EvaluatePage::updateOpenButton);
    return page;
}

void EvaluatePage::showView(View view)
{
    m_stack->setCurrentIndex(view);
    m_new->setVisible(view == Sessions);
    // Judging needs the height, and its own head says what it is.
    m_title->setVisible(view != Judging && view != Results);
    if (view == Sessions)
        m_table->setFocus(); // arrows and Enter open a session without the mouse
}

void EvaluatePage::refresh()
{
    // Whoever is judging is not disturbed by what else happens.
    if (m_stack->currentIndex() == New)
        m_form->refresh(project(), m_selection.dataset());
    else if (m_stack->currentIndex() <= Sessions)
        showSessions();
}

void EvaluatePage::showSessions()
{
    const int before = m_table->currentIndex().row();
    const std::int64_t selected
        = before >= 0 && before < m_sessions->rowCount() ? m_sessions->row(before).id : std::int64_t(0);
    m_sessions->setRows(project().evaluations());
    if (m_sessions->rowCount() > 0) {
        int row = 0;
        for (int i = 0; i < m_sessions->rowCount(); ++i)
            if (m_sessions->row(i).id == selected)
                row = i;
        m_table->selectRow(row);
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
            tr("Two models answer the same prompts; you read the responses side by side without knowing whose they "
               "are, and choose with a key."));
        m_emptyButton->setText(tr("New session…"));
    } else {
        m_empty->setTexts(data ? tr("Train or import a model first") : tr("Import data first"),
            tr("A session compares the responses of two models to prompts of a data set."));
        m_emptyButton->setText(data ? tr("Go to Models") : tr("Go to Data"));
        m_emptyTarget = data ? PageId::Models : PageId::Data;
    }
    showView(Empty);
}

void EvaluatePage::updateOpenButton()
{
    const int row = m_table->currentIndex().row();
    const bool valid = row >= 0 && row < m_sessions->rowCount();
    m_open->setEnabled(valid);
    if (!valid)
        return;
    const EvaluationRow& session = m_sessions->row(row);
    m_open->setText(session.closed ? tr("Show result") : session.judged > 0 ? tr("Go on judging") : tr("Judge"));
}

void EvaluatePage::openSelected()
{
    const int row = m_table->currentIndex().row();
    if (row >= 0 && row < m_sessions->rowCount())
        openSession(m_sessions->row(row).id);
}

void EvaluatePage::openSession(std::int64_t evaluation)
{
    for (const EvaluationRow& row : project().evaluations()) {
        if (row.id != evaluation)
            continue;
        if (row.closed) {
            m_results->open(row);
            showView(Results);
        } else {
            showView(Judging);
            m_judging->open(row.id, blindName(row));
        }
        return;
    }
}

} // namespace mpo
