// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QLabel;
class QPushButton;

namespace mpo {

/// What came of the last thing that the user did on a page: one sentence, in red why it failed. It goes when it is
/// dismissed, when something new is begun (clear()), and when the user leaves the page after having seen it.
class Notice : public QFrame
{
    Q_OBJECT
public:
    explicit Notice(QWidget* parent = nullptr);

    void say(const QString& sentence, bool isError = false); ///< empty: as clear()
    void clear();
    QLabel* label() const { return m_text; }

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QLabel* m_text = nullptr;
    QPushButton* m_close = nullptr;
};

} // namespace mpo
