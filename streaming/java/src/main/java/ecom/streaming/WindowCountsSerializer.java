package ecom.streaming;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Brings windows into checkpoints and back. Another form of them needs another name of the function, too. */
public final class WindowCountsSerializer extends TypeSerializerSingleton<WindowCounts> {

    private static final long serialVersionUID = 1L;

    @Override
    public boolean isImmutableType() {
        return false;
    }

    @Override
    public WindowCounts createInstance() {
        return new WindowCounts();
    }

    @Override
    public WindowCounts copy(WindowCounts from) {
        return from.copy();
    }

    @Override
    public WindowCounts copy(WindowCounts from, WindowCounts reuse) {
        return from.copy();
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(WindowCounts counts, DataOutputView target) throws IOException {
        counts.write(target);
    }

    @Override
    public WindowCounts deserialize(DataInputView source) throws IOException {
        return WindowCounts.read(source);
    }

    @Override
    public WindowCounts deserialize(WindowCounts reuse, DataInputView source) throws IOException {
        return WindowCounts.read(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        WindowCounts.read(source).write(target);
    }

    @Override
    public TypeSerializerSnapshot<WindowCounts> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Says in a checkpoint who wrote the windows in it. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<WindowCounts> {

        public Snapshot() {
            super(WindowCountsSerializer::new);
        }
    }
}
