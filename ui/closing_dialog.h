// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QLabel;
class QProgressBar;

namespace mpo {

/// Asks what becomes of what runs when the window is closed, and stays, saying so, until that is done.
class ClosingDialog : public QDialog
{
    Q_OBJECT
public:
    enum class Choice { Background, Pause, Stop };
    Q_ENUM(Choice)

    struct Offer
    {
        QString what; ///< "DPO is running, step 12 of 100"
        bool background = true; ///< it can go on in a program of its own
        bool resumable = true; ///< it is a training or a pipeline: what is done is kept
    };
    explicit ClosingDialog(const Offer& offer, QWidget* parent = nullptr);

    void wait(const QString& sentence); ///< the choices go, a sentence and a moving bar come

Q_SIGNALS:
    void chosen(mpo::ClosingDialog::Choice choice);

private:
    void reject() override; ///< not while it waits

    QWidget* m_choices = nullptr;
    QWidget* m_waiting = nullptr;
    QLabel* m_sentence = nullptr;
    bool m_isWaiting = false;
};

} // namespace mpo
