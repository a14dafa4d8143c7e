package ecom.streaming;

import java.io.IOException;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** What is known of one product's window; distinct are users, verified users, and event_ids by type. */
public final class WindowCounts {

    static final int USERS = 0;
    static final int VERIFIED_USERS = 1;
    static final int VIEWS = 2;
    static final int CARTS = 3;
    static final int WISHLISTS = 4;
    static final int PURCHASES = 5;
    static final int OTHERS = 6;
    private static final int KINDS = 7;

    private final long[] distinct;
    private final StringSet seen;
    private long events;
    private long botEvents;

    WindowCounts() {
        this(new long[KINDS], new StringSet(), 0, 0);
    }

    private WindowCounts(long[] distinct, StringSet seen, long events, long botEvents) {
        this.distinct = distinct;
        this.seen = seen;
        this.events = events;
        this.botEvents = botEvents;
    }

    void countEvent() {
        events++;
    }

    void countBotEvent() {
        events++;
        botEvents++;
    }

    void see(int kind, byte[] string) {
        if (seen.add(kind, string)) {
            distinct[kind]++;
        }
    }

    void merge(WindowCounts other) {
        events += other.events;
        botEvents += other.botEvents;
        other.seen.addTo(seen, kind -> distinct[kind]++);
    }

    long distinct(int kind) {
        return distinct[kind];
    }

    long events() {
        return events;
    }

    long botEvents() {
        return botEvents;
    }

    WindowCounts copy() {
        return new WindowCounts(distinct.clone(), seen.copy(), events, botEvents);
    }

    void write(DataOutputView out) throws IOException {
        out.writeLong(events);
        out.writeLong(botEvents);
        for (long count : distinct) {
            out.writeLong(count);
        }
        seen.write(out);
    }

    static WindowCounts read(DataInputView in) throws IOException {
        long events = in.readLong();
        long botEvents = in.readLong();
        long[] distinct = new long[KINDS];
        for (int kind = 0; kind < KINDS; kind++) {
            distinct[kind] = in.readLong();
        }
        return new WindowCounts(distinct, StringSet.read(in), events, botEvents);
    }
}
