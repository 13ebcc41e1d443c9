// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart.h"

#include "ui/charts/custom_plot.h"
#include "ui/elided_label.h"
#include "ui/style.h"

#include <QContextMenuEvent>
#include <QEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kReplotMilliseconds = 1000 / 15;
constexpr int kNoteRoom = 160; ///< a note up to here is not cut before the title; a longer one does not widen the chart

} // namespace

Chart::Chart(QWidget* parent)
    : QWidget(parent)
    , m_title(new ElidedLabel(this))
    , m_note(new QLabel(this))
    , m_warning(new QLabel(this))
    , m_empty(new QLabel(this))
    , m_plot(new QCustomPlot(this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace / 2);
    head->addWidget(m_warning);
    head->addWidget(m_title);
    head->addStretch(1);
    head->addWidget(m_note);
    layout->addLayout(head);
    layout->addWidget(m_plot, 1);
    m_title->hide();
    m_note->hide();
    m_warning->hide();
    m_note->setTextFormat(Qt::RichText);
    m_note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    setRole(m_title, "group");
    setRole(m_note, "hint");
    m_note->setFont(fontOfSize(kFontSmall));
    m_plot->installEventFilter(this);

    setRole(m_empty, "hint");
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    m_empty->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_empty->hide(); // until it is known whether there is anything to draw

    m_plot->setNoAntialiasingOnDrag(true);
    m_plot->setPlottingHint(QCP::phFastPolylines, true);
    m_plot->setContextMenuPolicy(Qt::CustomContextMenu);
    m_plot->setMinimumHeight(12 * kSpace);
    setFocusPolicy(Qt::StrongFocus);
    m_plot->setFocusPolicy(Qt::ClickFocus);
    m_plot->setFocusProxy(this);
    for (QCPAxis* axis : {m_plot->xAxis, m_plot->yAxis})
        axis->ticker()->setTickCount(4);
    setBoxZoom(true);
    Chart::applyColours();

    connect(m_plot, &QCustomPlot::customContextMenuRequested, this, &Chart::showContextMenu);
    connect(m_plot, &QCustomPlot::mouseDoubleClick, this, [this](QMouseEvent* event) {
        if (event->button() == Qt::LeftButton)
            showAll();
    });
    // Before the ranges change: from here on the view is the user's.
    connect(m_plot->selectionRect(), &QCPSelectionRect::accepted, this, [this](const QRect& rect) {
        if (rect.width() > 3 && rect.height() > 3)
            m_zoomed = true;
    });
    m_replotTimer.setSingleShot(true);
    connect(&m_replotTimer, &QTimer::timeout, this, [this] {
        // A page of thirty charts shows six: the others wait until they are scrolled into view.
        m_stale = m_plot->visibleRegion().isEmpty();
        if (!m_stale)
            replotNow();
    });
    replotSoon();
}

Chart::~Chart() = default;

void Chart::setBoxZoom(bool on)
{
    m_boxZoom = on;
    m_plot->setSelectionRectMode(on ? QCP::srmZoom : QCP::srmNone);
    if (on)
        m_plot->axisRect()->setRangeZoomAxes(m_plot->xAxis, m_plot->yAxis);
}

std::optional<QRectF> Chart::zoom() const
{
    if (!m_zoomed)
        return std::nullopt;
    const QCPRange x = m_plot->xAxis->range(), y = m_plot->yAxis->range();
    return QRectF(x.lower, y.lower, x.size(), y.size());
}

void Chart::setZoom(const QRectF& box)
{
    if (!m_boxZoom || !(box.width() > 0.0) || !(box.height() > 0.0))
        return;
    m_zoomed = true;
    m_plot->xAxis->setRange(box.left(), box.right());
    m_plot->yAxis->setRange(box.top(), box.bottom());
    replotSoon();
}

void Chart::showAll()
{
    m_zoomed = false;
    resetView();
    replotSoon();
    Q_EMIT zoomReset();
}

void Chart::zoomBy(double factor)
{
    if (!m_boxZoom || isEmpty())
        return;
    m_zoomed = true;
    m_plot->xAxis->scaleRange(factor);
    replotSoon();
}

void Chart::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        moveCursor((event->key() == Qt::Key_Left ? -1 : 1) * (event->modifiers() & Qt::ShiftModifier ? 10 : 1));
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        zoomBy(0.8);
        break;
    case Qt::Key_Minus:
        zoomBy(1.25);
        break;
    case Qt::Key_0:
        showAll();
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

void Chart::focusInEvent(QFocusEvent* event)
{
    m_ring = event->reason() != Qt::MouseFocusReason;
    update();
    QWidget::focusInEvent(event);
}

void Chart::focusOutEvent(QFocusEvent* event)
{
    update();
    QWidget::focusOutEvent(event);
}

void Chart::contextMenuEvent(QContextMenuEvent* event)
{
    if (event->reason() == QContextMenuEvent::Keyboard)
        showContextMenu(m_plot->rect().center());
    else
        QWidget::contextMenuEvent(event);
}

void Chart::paintEvent(QPaintEvent*)
{
    if (!hasFocus() || !m_ring)
        return;
    QPainter painter(this);
    QColor ring = colours().accent;
    ring.setAlphaF(0.6f);
    painter.setPen(QPen(ring, 1.0));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
}

void Chart::setTitle(const QString& title, const QString& toolTip)
{
    m_title->setText(title);
    m_title->setToolTip(toolTip);
    setAccessibleName(title);
    m_title->setVisible(!title.isEmpty());
}

void Chart::setNote(const QString& richText)
{
    m_note->setText(richText);
    m_note->setMinimumWidth(std::min(m_note->sizeHint().width(), kNoteRoom));
    m_note->setVisible(!richText.isEmpty());
}

void Chart::setWarning(const QString& sentence)
{
    if (m_warning->toolTip() == sentence)
        return;
    m_warning->setToolTip(sentence);
    m_warning->setAccessibleName(sentence);
    m_warning->setVisible(!sentence.isEmpty());
    if (!sentence.isEmpty())
        m_warning->setPixmap(themedIcon(QStringLiteral("warning"), colours().warning).pixmap(14, 14));
}

void Chart::setEmptyText(const QString& sentence)
{
    m_empty->setText(sentence);
    replotSoon();
}

void Chart::replotSoon()
{
    if (m_replotTimer.isActive())
        return;
    const qint64 elapsed = m_sinceReplot.isValid() ? m_sinceReplot.elapsed() : kReplotMilliseconds;
    m_replotTimer.start(int(std::max<qint64>(0, kReplotMilliseconds - elapsed)));
}

void Chart::replotNow()
{
    m_replotTimer.stop();
    m_sinceReplot.start();
    const bool empty = isEmpty();
    m_empty->setVisible(empty);
    m_empty->raise();
    m_plot->axisRect()->setVisible(!empty);
    for (QCPAxis* axis : m_plot->axisRect()->axes())
        if (axis == m_plot->xAxis || axis == m_plot->yAxis)
            axis->setVisible(!empty);
    if (!empty) {
        if (!m_zoomed)
            resetView();
        beforeReplot();
    }
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

void Chart::applyColours()
{
    const Colours& c = colours();
    m_plot->setBackground(Qt::NoBrush);
    m_plot->setAttribute(Qt::WA_OpaquePaintEvent, false);
    m_plot->selectionRect()->setPen(QPen(c.accent, 1));
    QColor fill = c.accent;
    fill.setAlpha(30);
    m_plot->selectionRect()->setBrush(fill);
    for (QCPAxis* axis : m_plot->axisRect()->axes())
        styleAxis(axis);
}

void Chart::styleAxis(QCPAxis* axis)
{
    const Colours& c = colours();
    axis->setBasePen(axis->orientation() == Qt::Horizontal ? QPen(c.border, 1) : QPen(Qt::NoPen));
    axis->setTickPen(Qt::NoPen);
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(c.faint);
    axis->setLabelColor(c.faint);
    axis->setTickLabelFont(fontOfSize(11));
    axis->setLabelFont(fontOfSize(11));
    axis->setTickLabelPadding(4);
    axis->grid()->setPen(axis->orientation() == Qt::Horizontal ? QPen(Qt::NoPen) : QPen(c.grid, 1));
    axis->grid()->setZeroLinePen(axis->orientation() == Qt::Horizontal ? QPen(Qt::NoPen) : QPen(c.border, 1));
}

void Chart::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) {
        applyColours();
        replotSoon();
    }
}

void Chart::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_empty->setGeometry(rect().adjusted(2 * kSpace, m_title->isVisible() ? m_title->height() : 0, -2 * kSpace, 0));
    replotSoon();
}

bool Chart::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_plot && event->type() == QEvent::Paint && m_stale) {
        m_stale = false;
        replotSoon();
    }
    return QWidget::eventFilter(watched, event);
}

bool Chart::savePng(const QString& file, int scale)
{
    replotNow();
    m_plot->setBackground(colours().surface);
    const bool saved = m_plot->savePng(file, 0, 0, scale);
    m_plot->setBackground(Qt::NoBrush);
    return saved;
}

bool Chart::saveSvg(const QString& file)
{
    replotNow();
    QSvgGenerator generator;
    generator.setFileName(file);
    generator.setSize(m_plot->size());
    generator.setViewBox(m_plot->rect());
    generator.setTitle(m_title->text());
    QCPPainter painter;
    if (!painter.begin(&generator))
        return false;
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.fillRect(m_plot->rect(), colours().surface);
    m_plot->toPainter(&painter, m_plot->width(), m_plot->height());
    return painter.end();
}

bool Chart::saveCsv(const QString& file) const
{
    QSaveFile out(file);
    if (!out.open(QIODevice::WriteOnly))
        return false;
    const QByteArray text = csv().toUtf8();
    return out.write(text) == text.size() && out.commit();
}

void Chart::showContextMenu(const QPoint& position)
{
    QMenu menu(this);
    fillContextMenu(menu);
    if (!menu.isEmpty())
        menu.addSeparator();
    menu.addAction(tr("Show all\t0"), this, &Chart::showAll);
    menu.addSeparator();
    for (const char* kind : {"PNG", "SVG", "CSV"}) {
        const QString name = QLatin1String(kind);
        menu.addAction(tr("Save as %1…").arg(name), this, [this, name] { saveAs(name); })->setEnabled(!isEmpty());
    }
    menu.exec(m_plot->mapToGlobal(position));
}

void Chart::saveAs(const QString& kind)
{
    const QString ending = QLatin1Char('.') + kind.toLower();
    QString name = m_title->text().isEmpty() ? QStringLiteral("chart") : m_title->text();
    name.replace(QLatin1Char('/'), QLatin1Char('-'));
    QString file = QFileDialog::getSaveFileName(
        this, tr("Save chart"), name + ending, QStringLiteral("%1 (*%2)").arg(kind, ending));
    if (file.isEmpty())
        return;
    if (!file.endsWith(ending))
        file += ending;
    if (kind == QLatin1String("PNG"))
        savePng(file);
    else if (kind == QLatin1String("SVG"))
        saveSvg(file);
    else
        saveCsv(file);
}

} // namespace mpo
