// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_judge_form.h"

#include "ui/engine_bridge.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/notice.h"
#include "ui/pages/work_progress.h"
#include "ui/style.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QUrl>

namespace mpo {

namespace {

constexpr char kAddressSetting[] = "judge/address", kModelSetting[] = "judge/model", kLimitSetting[] = "judge/maxCost",
               kAskedSetting[] = "judge/promptPrice", kAnsweredSetting[] = "judge/answerPrice",
               kRateSetting[] = "judge/perMinute";

/// Keys are kept by host: another path of the same one takes the same key.
QString accountOf(const QString& address) { return QUrl(address.trimmed()).host(); }

} // namespace

EvaluateJudgeForm::EvaluateJudgeForm(EngineBridge& bridge, QWidget* parent)
    : QFrame(parent)
    , m_bridge(bridge)
    , m_keys(systemKeychain())
    , m_grid(new QGridLayout(this))
    , m_title(makeHeading({}))
    , m_kind(new QComboBox)
    , m_address(new QLineEdit)
    , m_remoteModel(new QLineEdit)
    , m_key(new QLineEdit)
    , m_keep(new QCheckBox(tr("Keep in the system's keychain")))
    , m_localModel(new ItemPicker(ItemPicker::Browse::Folder))
    , m_rewardModel(new ItemPicker(ItemPicker::Browse::Folder))
    , m_margin(new QDoubleSpinBox)
    , m_template(new ItemPicker(ItemPicker::Browse::File))
    , m_bothOrders(new QCheckBox(tr("Ask in both orders")))
    , m_maxCost(new QDoubleSpinBox)
    , m_promptPrice(new QDoubleSpinBox)
    , m_answerPrice(new QDoubleSpinBox)
    , m_perMinute(new QSpinBox)
    , m_name(new QLineEdit)
    , m_hint(makeHint({}))
    , m_error(new Notice)
    , m_progress(new WorkProgress)
    , m_close(new QPushButton(tr("Close")))
    , m_start(new QPushButton(tr("Let it judge")))
{
    setRole(this, "card");
    setUpFields();
    m_grid->setContentsMargins(2 * kSpace, kSpace + kSpace / 2, 2 * kSpace, kSpace + kSpace / 2);
    m_grid->setHorizontalSpacing(kSpace);
    m_grid->setVerticalSpacing(kSpace);
    m_grid->addWidget(m_title, 0, 0, 1, 4);
    add(1, 0, tr("&Judge"), m_kind, Any);
    add(1, 2, tr("Called &here"), m_name, Any);
    // A row for each kind: QGridLayout leaves out the room around rows that are hidden as a whole.
    add(2, 0, tr("&Address"), m_address, Endpoint);
    add(2, 2, tr("&Model"), m_remoteModel, Endpoint);
    add(3, 0, tr("&Key"), makeKey(), Endpoint, 3);
    add(4, 0, tr("&Model"), m_localModel, Local, 3);
    add(5, 0, tr("&Model"), m_rewardModel, Reward);
    add(5, 2, tr("&Tie up to a difference of"), m_margin, Reward);
    add(6, 0, tr("&Question"), m_template, Asked);
    add(6, 2, {}, m_bothOrders, Asked);
    add(7, 0, tr("&Limits"), makeLimits(), Endpoint, 3);
    m_grid->addWidget(m_hint, 8, 0, 1, 4);
    m_grid->addWidget(m_progress, 9, 0, 1, 4);
    m_grid->addWidget(m_error, 10, 0, 1, 4);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kSpace);
    buttons->addStretch();
    buttons->addWidget(m_close);
    buttons->addWidget(m_start);
    m_grid->addLayout(buttons, 11, 0, 1, 4);
    m_grid->setColumnStretch(1, 1);
    m_grid->setColumnStretch(3, 1);
    m_progress->hide();

    connect(m_kind, &QComboBox::currentIndexChanged, this, &EvaluateJudgeForm::showKind);
    for (QLineEdit* field : {m_address, m_remoteModel, m_key})
        connect(field, &QLineEdit::textChanged, this, &EvaluateJudgeForm::updateState);
    for (ItemPicker* picker : {m_localModel, m_rewardModel})
        connect(picker, &ItemPicker::changed, this, &EvaluateJudgeForm::updateState);
    for (QDoubleSpinBox* box : {m_maxCost, m_promptPrice, m_answerPrice})
        connect(box, &QDoubleSpinBox::valueChanged, this, &EvaluateJudgeForm::updateState);
    connect(m_address, &QLineEdit::editingFinished, this, &EvaluateJudgeForm::lookUpKey);
    connect(m_close, &QPushButton::clicked, this, &EvaluateJudgeForm::closed);
    connect(m_start, &QPushButton::clicked, this, &EvaluateJudgeForm::start);
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting)
            m_progress->showProgress(toQString(event.what), event.share, toQString(event.detail));
    });
    connect(&m_bridge, &EngineBridge::evaluationJudged, this, [this](const EvaluationJudged& event) {
        if (!m_waiting || event.evaluation != m_asked)
            return;
        m_said = tr("%1: %2 of %3 items have its verdict")
                     .arg(toQString(event.annotator), formatCount(event.judged), formatCount(event.items));
        if (event.unclear > 0)
            m_said += tr(", %1 answers were not clear").arg(formatCount(event.unclear));
        if (event.bothOrders > 0)
            m_said += tr("; the same in both orders for %1 of %2")
                          .arg(formatCount(event.consistent), formatCount(event.bothOrders));
        if (event.failed > 0)
            m_said += tr("; %1 questions failed, starting again asks them again").arg(formatCount(event.failed));
        if (event.cost > 0.0)
            m_said += tr("; it has cost %1").arg(event.cost, 0, 'f', 4);
        m_said += QLatin1Char('.');
        if (!event.stopReason.empty())
            m_said += QLatin1Char(' ') + toQString(event.stopReason) + QLatin1Char('.');
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!m_waiting || (m_said.isEmpty() && m_bridge.busy()))
            return; // the end of a command before ours
        m_waiting = false;
        m_progress->hide();
        updateState();
        if (event.outcome == CommandFinished::Outcome::Succeeded) {
            Q_EMIT closed();
            Q_EMIT ended(m_said, false);
            return;
        }
        const QString why = (m_said.isEmpty() ? m_said : m_said + QLatin1Char(' ')) + toQString(event.message);
        if (isVisible())
            showError(why);
        else
            Q_EMIT ended(why, true);
    });
    showKind();
}

void EvaluateJudgeForm::setUpFields()
{
    m_kind->setObjectName(QStringLiteral("judgeKind"));
    m_kind->addItems({tr("Language model behind an endpoint"), tr("Language model on this machine"),
        tr("Reward model")}); // in the order of JudgeKind
    m_name->setObjectName(QStringLiteral("judgeName"));
    m_name->setPlaceholderText(tr("as the model"));
    m_name->setToolTip(tr("Its verdicts stand under model:NAME, apart from those of people"));
    m_address->setObjectName(QStringLiteral("judgeAddress"));
    m_address->setPlaceholderText(QStringLiteral("https://HOST/v1"));
    m_remoteModel->setObjectName(QStringLiteral("judgeRemoteModel"));
    m_remoteModel->setPlaceholderText(tr("As the endpoint calls it"));
    m_key->setObjectName(QStringLiteral("judgeKey"));
    m_keep->setObjectName(QStringLiteral("judgeKeepKey"));
    m_localModel->setObjectName(QStringLiteral("judgeLocalModel"));
    m_localModel->setPlaceholder(tr("No model yet"));
    m_rewardModel->setObjectName(QStringLiteral("judgeRewardModel"));
    m_rewardModel->setPlaceholder(tr("No reward model yet"));
    m_margin->setObjectName(QStringLiteral("judgeMargin"));
    m_margin->setRange(0.0, 1000.0);
    m_margin->setDecimals(3);
    m_margin->setSingleStep(0.1);
    m_template->setObjectName(QStringLiteral("judgeTemplate"));
    m_template->setItems({{QStringLiteral("hh"), tr("Helpful and harmless reply"), {}},
        {QStringLiteral("tldr"), tr("Summary of a post"), {}}});
    m_template->setToolTip(tr("What the judge is asked, or a file of your own with {prompt}, {first} and {second}"));
    m_bothOrders->setObjectName(QStringLiteral("judgeBothOrders"));
    m_bothOrders->setChecked(true);
    m_bothOrders->setToolTip(tr("Twice the questions. Where the two answers do not agree, the item is a tie; once, a "
                                "taste for a place counts."));
    m_error->setObjectName(QStringLiteral("judgeError"));
    m_start->setObjectName(QStringLiteral("startJudge"));
    setRole(m_start, "primary");
    m_close->setObjectName(QStringLiteral("closeJudge"));
}

QWidget* EvaluateJudgeForm::makeKey()
{
    m_key->setEchoMode(QLineEdit::Password);
    const char* variable = "MPO_JUDGE_API_KEY";
    m_key->setPlaceholderText(qEnvironmentVariableIsSet(variable)
            ? tr("From %1; a key typed here comes first").arg(QLatin1String(variable))
            : tr("Empty: none is sent"));
    m_key->setToolTip(tr("Goes to the endpoint only: it is stored in no project and no file"));
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2 * kSpace);
    layout->addWidget(m_key, 1);
    layout->addWidget(m_keep);
    row->setFocusProxy(m_key);
    return row;
}

QWidget* EvaluateJudgeForm::makeLimits()
{
    m_maxCost->setObjectName(QStringLiteral("judgeMaxCost"));
    m_promptPrice->setObjectName(QStringLiteral("judgePromptPrice"));
    m_answerPrice->setObjectName(QStringLiteral("judgeAnswerPrice"));
    m_perMinute->setObjectName(QStringLiteral("judgePerMinute"));
    m_maxCost->setSpecialValueText(tr("No limit of cost"));
    m_maxCost->setPrefix(tr("Cost up to "));
    m_maxCost->setToolTip(
        tr("Judging ends before this is passed, over all runs of this judge, by the prices beside it"));
    m_promptPrice->setPrefix(tr("Asked "));
    m_promptPrice->setToolTip(tr("Price of a million tokens of questions"));
    m_answerPrice->setPrefix(tr("Answered "));
    m_answerPrice->setToolTip(tr("Price of a million tokens of answers"));
    for (QDoubleSpinBox* price : {m_promptPrice, m_answerPrice})
        price->setSuffix(tr(" a million"));
    m_perMinute->setSpecialValueText(tr("No limit of requests"));
    m_perMinute->setSuffix(tr(" requests a minute"));
    m_perMinute->setRange(0, 100'000);
    const QSettings settings;
    m_perMinute->setValue(settings.value(QLatin1String(kRateSetting)).toInt());
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    for (const auto& [box, key] : {std::pair(m_maxCost, kLimitSetting), std::pair(m_promptPrice, kAskedSetting),
             std::pair(m_answerPrice, kAnsweredSetting)}) {
        box->setRange(0.0, 1'000'000.0);
        box->setDecimals(2);
        box->setValue(settings.value(QLatin1String(key)).toDouble());
        box->setAccessibleName(box->toolTip());
        layout->addWidget(box, 1);
    }
    m_perMinute->setAccessibleName(tr("Requests a minute, at most"));
    layout->addWidget(m_perMinute, 1);
    row->setFocusProxy(m_maxCost);
    return row;
}

void EvaluateJudgeForm::add(int row, int column, const QString& text, QWidget* field, int kinds, int columns)
{
    auto* label = new QLabel(text);
    label->setBuddy(field);
    m_grid->addWidget(label, row, column);
    m_grid->addWidget(field, row, column + 1, 1, columns);
    m_fields.emplace_back(label, kinds);
    m_fields.emplace_back(field, kinds);
}

void EvaluateJudgeForm::setKeyStore(std::unique_ptr<KeyStore> keys)
{
    m_keys = std::move(keys);
    updateState();
}

void EvaluateJudgeForm::open(const EvaluationRow& row, const QString& title)
{
    m_row = row;
    m_title->setText(tr("Let a model judge %1").arg(title));
    m_error->clear();
    m_localModel->setItems(modelItems(m_bridge.project(), QStringLiteral("policy")));
    m_rewardModel->setItems(modelItems(m_bridge.project(), QStringLiteral("reward")));
    if (m_address->text().isEmpty()) {
        m_address->setText(QSettings().value(QLatin1String(kAddressSetting)).toString());
        m_remoteModel->setText(QSettings().value(QLatin1String(kModelSetting)).toString());
    }
    updateState();
    lookUpKey();
    show();
    m_kind->setFocus();
}

JudgeKind EvaluateJudgeForm::kind() const { return JudgeKind(m_kind->currentIndex()); }

void EvaluateJudgeForm::showKind()
{
    const int shown = kind() == JudgeKind::Endpoint ? Endpoint : kind() == JudgeKind::Model ? Local : Reward;
    for (const auto& [widget, kinds] : m_fields)
        widget->setVisible((kinds & shown) != 0);
    updateState();
}

void EvaluateJudgeForm::updateState()
{
    const bool limited = m_maxCost->value() > 0.0;
    m_promptPrice->setEnabled(limited);
    m_answerPrice->setEnabled(limited);
    const bool priced = !limited || m_promptPrice->value() + m_answerPrice->value() > 0.0;
    const bool ready = kind() == JudgeKind::Endpoint
        ? !m_address->text().trimmed().isEmpty() && !m_remoteModel->text().trimmed().isEmpty() && priced
        : !(kind() == JudgeKind::Model ? m_localModel : m_rewardModel)->value().isEmpty();
    m_hint->setText(kind() == JudgeKind::RewardModel
            ? tr("The response with the higher score wins; the difference is stored with the verdict.")
            : kind() == JudgeKind::Endpoint && !priced
            ? tr("A limit of cost needs the price of a million tokens, asked or answered.")
            : tr("Judging goes on where it stopped: what was answered is not asked again."));
    m_start->setEnabled(ready && !m_waiting);
    m_keep->setEnabled(m_keys != nullptr);
    m_keep->setToolTip(
        m_keys ? tr("Found again the next time the same host is asked") : tr("This build has no QtKeychain"));
}

void EvaluateJudgeForm::lookUpKey()
{
    const QString account = accountOf(m_address->text());
    if (!m_keys || account.isEmpty() || account == m_keyKeptFor)
        return;
    if (!m_keyKeptFor.isEmpty()) { // a key is for its own host only
        m_key->clear();
        m_keep->setChecked(false);
        m_keyKeptFor.clear();
    }
    // An error is not shown: nobody has asked for the keychain yet, and not every desktop has one.
    m_keys->read(account, this, [this, account](const QString& key, const QString&) {
        if (key.isEmpty() || account != accountOf(m_address->text()) || !m_key->text().isEmpty())
            return;
        m_key->setText(key);
        m_keep->setChecked(true);
        m_keyKeptFor = account;
    });
}

void EvaluateJudgeForm::keepKey()
{
    const QString account = accountOf(m_address->text());
    if (!m_keys || account.isEmpty())
        return;
    const auto told = [this](const QString& error) {
        if (!error.isEmpty())
            showError(error);
    };
    if (m_keep->isChecked() && !m_key->text().isEmpty()) {
        m_keyKeptFor = account;
        m_keys->write(account, m_key->text(), this, told);
    } else if (!m_keyKeptFor.isEmpty()) {
        m_keyKeptFor.clear();
        m_keys->remove(account, this, told);
    }
}

JudgeEvaluation EvaluateJudgeForm::command() const
{
    JudgeEvaluation command;
    command.evaluation = m_row.name;
    command.kind = kind();
    command.name = m_name->text().trimmed().toStdString();
    command.margin = m_margin->value();
    command.judgeTemplate = m_template->value().toStdString();
    command.bothOrders = m_bothOrders->isChecked();
    switch (kind()) {
    case JudgeKind::Endpoint:
        command.baseUrl = m_address->text().trimmed().toStdString();
        command.model = m_remoteModel->text().trimmed().toStdString();
        command.key = m_key->text().trimmed().toStdString();
        command.maxCost = m_maxCost->value();
        command.promptPrice = m_promptPrice->value();
        command.answerPrice = m_answerPrice->value();
        command.perMinute = m_perMinute->value();
        break;
    case JudgeKind::Model:
        command.model = m_localModel->value().toStdString();
        break;
    case JudgeKind::RewardModel:
        command.model = m_rewardModel->value().toStdString();
        break;
    }
    return command;
}

void EvaluateJudgeForm::start()
{
    m_error->clear();
    m_said.clear();
    m_asked = m_row.name;
    m_waiting = true;
    m_progress->showProgress(m_bridge.busy() ? tr("Waiting for the running command") : tr("Starting"), -1.0, {});
    m_progress->show();
    m_close->setFocus(); // the button that had it is being disabled
    updateState();
    if (kind() == JudgeKind::Endpoint) {
        QSettings().setValue(QLatin1String(kAddressSetting), m_address->text().trimmed());
        QSettings().setValue(QLatin1String(kModelSetting), m_remoteModel->text().trimmed());
        QSettings().setValue(QLatin1String(kLimitSetting), m_maxCost->value());
        QSettings().setValue(QLatin1String(kAskedSetting), m_promptPrice->value());
        QSettings().setValue(QLatin1String(kAnsweredSetting), m_answerPrice->value());
        QSettings().setValue(QLatin1String(kRateSetting), m_perMinute->value());
        keepKey();
    }
    m_bridge.post(command());
}

void EvaluateJudgeForm::showError(const QString& sentence) { m_error->say(sentence, true); }

} // namespace mpo
