package ecom.streaming;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * An exact set of short strings in UTF-8, each under a tag, in two arrays: the strings one behind the other, and a hash
 * table of where each begins. A set of objects takes many times the memory, which the garbage collector pays for.
 */
final class StringSet {

    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    // Shoppers choose their identifiers: with a hash that they do not know they cannot make them collide.
    private static final long SEED = ThreadLocalRandom.current().nextLong();
    private static final long MIX = 0x9E3779B97F4A7C15L;
    private static final int HEADER = 3; // the tag, and the length in two bytes
    private static final int FEWEST_SLOTS = 4;

    private byte[] strings;
    private int end;
    private int size;
    /** Where a string begins, plus one; 0 where the slot is free. At most half of them are taken. */
    private int[] slots;

    StringSet() {
        strings = new byte[0];
        slots = new int[FEWEST_SLOTS];
    }

    private StringSet(byte[] strings, int end, int size, int[] slots) {
        this.strings = strings;
        this.end = end;
        this.size = size;
        this.slots = slots;
    }

    /** Adds the string under the tag (0 to 255); returns false where it was there. */
    boolean add(int tag, byte[] string) {
        return add(tag, string, 0, string.length);
    }

    /** Tells the receiver each string of this set that it does not have. */
    void addTo(StringSet other, Added added) {
        for (int at = 0; at < end; at += HEADER + length(at)) {
            int tag = strings[at] & 0xFF;
            if (other.add(tag, strings, at + HEADER, length(at))) {
                added.under(tag);
            }
        }
    }

    /** What is told of a string that was not in a set. */
    interface Added {
        void under(int tag);
    }

    StringSet copy() {
        return new StringSet(Arrays.copyOf(strings, end), end, size, slots.clone());
    }

    void write(DataOutputView out) throws IOException {
        out.writeInt(size);
        out.writeInt(end);
        out.write(strings, 0, end);
    }

    static StringSet read(DataInputView in) throws IOException {
        int size = in.readInt();
        byte[] strings = new byte[in.readInt()];
        in.readFully(strings);
        StringSet set = new StringSet(strings, strings.length, size, new int[0]);
        set.index(Math.max(FEWEST_SLOTS, Integer.highestOneBit(Math.max(1, size)) * 4));
        return set;
    }

    private boolean add(int tag, byte[] from, int begin, int length) {
        int slot = slotOf(tag, from, begin, length);
        if (slots[slot] != 0) {
            return false;
        }
        slots[slot] = append(tag, from, begin, length) + 1;
        if (++size * 2 > slots.length) {
            index(slots.length * 2);
        }
        return true;
    }

    /** The slot where the string is, or where it may be put. */
    private int slotOf(int tag, byte[] from, int begin, int length) {
        int slot = hash(tag, from, begin, length) & slots.length - 1;
        while (slots[slot] != 0 && !isAt(slots[slot] - 1, tag, from, begin, length)) {
            slot = slot + 1 & slots.length - 1;
        }
        return slot;
    }

    private boolean isAt(int at, int tag, byte[] from, int begin, int length) {
        return strings[at] == (byte) tag && length(at) == length
                && Arrays.equals(strings, at + HEADER, at + HEADER + length, from, begin, begin + length);
    }

    private int length(int at) {
        return (strings[at + 1] & 0xFF) << 8 | strings[at + 2] & 0xFF;
    }

    private int append(int tag, byte[] from, int begin, int length) {
        int at = end;
        end += HEADER + length;
        if (end > strings.length) {
            strings = Arrays.copyOf(strings, Math.max(end, strings.length * 2));
        }
        strings[at] = (byte) tag;
        strings[at + 1] = (byte) (length >> 8);
        strings[at + 2] = (byte) length;
        System.arraycopy(from, begin, strings, at + HEADER, length);
        return at;
    }

    private void index(int capacity) {
        slots = new int[capacity];
        for (int at = 0; at < end; at += HEADER + length(at)) {
            int slot = hash(strings[at] & 0xFF, strings, at + HEADER, length(at)) & capacity - 1;
            while (slots[slot] != 0) {
                slot = slot + 1 & capacity - 1;
            }
            slots[slot] = at + 1;
        }
    }

    private static int hash(int tag, byte[] from, int begin, int length) {
        long hash = SEED + tag * MIX + length;
        int at = begin;
        for (; at <= begin + length - Long.BYTES; at += Long.BYTES) {
            hash = mixed(hash ^ (long) LONGS.get(from, at));
        }
        for (; at < begin + length; at++) {
            hash = (hash ^ from[at]) * MIX;
        }
        return (int) mixed(hash);
    }

    private static long mixed(long hash) {
        long product = hash * MIX;
        return product ^ product >>> 32;
    }
}
